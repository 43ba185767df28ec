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
    around_cfn,
    around_tf,
    cfn,
    cfn_loops,
    not_templates,
    sam,
    serverless,
    tf_broken,
    tf_functions,
    tf_modules,
    tf_old_state,
    tf_plan,
    tf_policies,
    tf_roots,
    tf_state,
    tf_values,
];
