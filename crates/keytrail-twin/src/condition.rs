//! Condition expressions: `AND`, `OR`, `NOT`, parentheses, `=`, `<>` and the two functions on
//! whether an attribute is there.

use serde_json::Value;

use crate::expression::Reader;
use crate::reply::{Refused, refused};
use crate::value::{Item, canonical, get};

/// Whether the request's condition holds of `item`; an item that is not there has no attributes.
pub(crate) fn holds(request: &Value, item: Option<&Item>) -> Result<bool, Refused> {
    named(request, "ConditionExpression", item)
}

/// The same, of the expression under this name.
pub(crate) fn named(request: &Value, name: &str, item: Option<&Item>) -> Result<bool, Refused> {
    let Some(text) = request.get(name).and_then(Value::as_str) else {
        return Ok(true);
    };
    let none = Item::new();
    let mut reader = Reader::new(text, request)?;
    let holds = either(&mut reader, item.unwrap_or(&none))?;
    if reader.at_end() {
        Ok(holds)
    } else {
        Err(refused("ValidationException"))
    }
}

fn either(reader: &mut Reader<'_>, item: &Item) -> Result<bool, Refused> {
    let mut holds = both(reader, item)?;
    while reader.keyword().as_deref() == Some("OR") {
        reader.skip();
        holds |= both(reader, item)?;
    }
    Ok(holds)
}

fn both(reader: &mut Reader<'_>, item: &Item) -> Result<bool, Refused> {
    let mut holds = one(reader, item)?;
    while reader.keyword().as_deref() == Some("AND") {
        reader.skip();
        holds &= one(reader, item)?;
    }
    Ok(holds)
}

fn one(reader: &mut Reader<'_>, item: &Item) -> Result<bool, Refused> {
    if reader.take_sign("(") {
        let holds = either(reader, item)?;
        reader.expect(")")?;
        return Ok(holds);
    }
    match reader.keyword().as_deref() {
        Some("NOT") => {
            reader.skip();
            Ok(!one(reader, item)?)
        }
        Some("ATTRIBUTE_EXISTS") => there(reader, item),
        Some("ATTRIBUTE_NOT_EXISTS") => Ok(!there(reader, item)?),
        _ => compared(reader, item),
    }
}

fn there(reader: &mut Reader<'_>, item: &Item) -> Result<bool, Refused> {
    reader.skip();
    reader.expect("(")?;
    let path = reader.path()?;
    reader.expect(")")?;
    Ok(get(item, &path).is_some())
}

fn compared(reader: &mut Reader<'_>, item: &Item) -> Result<bool, Refused> {
    let left = operand(reader, item)?;
    let equal = if reader.take_sign("=") {
        true
    } else {
        reader.expect("<>")?;
        false
    };
    let right = operand(reader, item)?;
    Ok(match (left, right) {
        (Some(left), Some(right)) => (canonical(&left) == canonical(&right)) == equal,
        // What is not there is unequal to everything.
        _ => !equal,
    })
}

fn operand(reader: &mut Reader<'_>, item: &Item) -> Result<Option<Value>, Refused> {
    if let Some(value) = reader.value()? {
        return Ok(Some(value));
    }
    let path = reader.path()?;
    Ok(get(item, &path).cloned())
}
