//! What the declared kind of an attribute leaves possible.

use keytrail_model::Column;

use crate::interp::Shared;
use crate::program::ClassRef;
use crate::resolve::Base;

/// The attributes of a model whose kind limits what they can hold, sorted.
pub(crate) fn columns(shared: &Shared<'_>, class: ClassRef) -> Vec<(String, Column)> {
    let attributes = shared.models.of(class).map(|model| &model.attributes);
    let mut columns: Vec<(String, Column)> = attributes
        .into_iter()
        .flatten()
        .filter_map(|attribute| {
            let kind = attribute.kind.map_or("", |kind| shared.program.text(kind));
            let column = if is_plain(kind) {
                Column::Plain
            } else if kind.ends_with("SetAttribute") {
                Column::Set
            } else {
                attribute.role.map(|_| Column::Identifier)?
            };
            Some((shared.program.text(attribute.stored).to_owned(), column))
        })
        .collect();
    columns.extend(computed(shared, class));
    columns.sort();
    columns.dedup_by(|next, kept| next.0 == kept.0);
    columns
}

/// Methods and properties of a model: what they make is not stored.
fn computed(shared: &Shared<'_>, class: ClassRef) -> Vec<(String, Column)> {
    let Some(model) = shared.models.of(class) else {
        return Vec::new();
    };
    let lineage = &shared.resolver.class(class).lineage;
    let own = lineage.iter().filter_map(|base| match base {
        Base::Class(base) => Some(*base),
        Base::External(_) => None,
    });
    own.flat_map(|base| shared.resolver.class(base).methods.keys())
        .filter(|name| model.attributes.iter().all(|it| it.stored != **name))
        .map(|name| (shared.program.text(*name).to_owned(), Column::Plain))
        .collect()
}

/// Projects derive their own from the library's, by names that end in them.
fn is_plain(kind: &str) -> bool {
    const PLAIN: [&str; 7] = [
        "BooleanAttribute",
        "NumberAttribute",
        "NumberSetAttribute",
        "DateTimeAttribute",
        "DatetimeAttribute",
        "TTLAttribute",
        "VersionAttribute",
    ];
    PLAIN.iter().any(|plain| kind.ends_with(plain))
}
