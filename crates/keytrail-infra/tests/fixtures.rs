//! Whole facts of small projects, checked by hand once and kept.

mod support;

use support::shown;

macro_rules! fixtures {
    ($($name:ident),* $(,)?) => {
        $(
            #[test]
            fn $name() {
                insta::assert_snapshot!(shown(stringify!($name)));
            }
        )*
    };
}

fixtures![
    cfn,
    not_templates,
    sam,
    tf_broken,
    tf_modules,
    tf_policies,
    tf_roots,
    tf_values,
];
