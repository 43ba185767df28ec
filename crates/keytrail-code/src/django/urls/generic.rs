//! Views whose methods Django and REST framework supply.

use keytrail_model::HttpMethod;

use super::{Prefix, Urls};
use crate::program::{ClassRef, FunctionRef, Site};
use crate::resolve::Base;

use HttpMethod::{Delete, Get, Patch, Post, Put};

/// Generic views by the end of their names: which methods they answer. The longest name counts.
const SUPPLIED: &[(&str, &[HttpMethod])] = &[
    ("RetrieveUpdateDestroyAPIView", &[Get, Put, Patch, Delete]),
    ("RetrieveUpdateAPIView", &[Get, Put, Patch]),
    ("RetrieveDestroyAPIView", &[Get, Delete]),
    ("ListCreateAPIView", &[Get, Post]),
    ("ListAPIView", &[Get]),
    ("CreateAPIView", &[Post]),
    ("RetrieveAPIView", &[Get]),
    ("UpdateAPIView", &[Put, Patch]),
    ("DestroyAPIView", &[Delete]),
    ("CreateView", &[Get, Post]),
    ("UpdateView", &[Get, Post]),
    ("DeleteView", &[Get, Post]),
    ("FormView", &[Get, Post]),
    ("TemplateView", &[Get]),
    ("ListView", &[Get]),
    ("DetailView", &[Get]),
    ("ArchiveView", &[Get]),
    ("ArchiveIndexView", &[Get]),
    ("RedirectView", &[Get]),
    ("LoginView", &[Get, Post]),
    ("LogoutView", &[Post]),
    ("PasswordChangeView", &[Get, Post]),
    ("PasswordResetView", &[Get, Post]),
];

/// Actions of a viewset by what supplies them.
const ACTIONS: &[(&str, &[&str])] = &[
    ("ReadOnlyModelViewSet", &["list", "retrieve"]),
    (
        "ModelViewSet",
        &[
            "list",
            "create",
            "retrieve",
            "update",
            "partial_update",
            "destroy",
        ],
    ),
    ("ListModelMixin", &["list"]),
    ("CreateModelMixin", &["create"]),
    ("RetrieveModelMixin", &["retrieve"]),
    ("UpdateModelMixin", &["update", "partial_update"]),
    ("DestroyModelMixin", &["destroy"]),
];

impl Urls<'_> {
    /// Names of the classes outside the tree that a class is made of.
    fn outside(&self, class: ClassRef) -> Vec<&str> {
        let lineage = &self.resolver.class(class).lineage;
        lineage
            .iter()
            .filter_map(|base| match base {
                Base::External(path) => path.last().map(|&last| self.program.text(last)),
                Base::Class(_) => None,
            })
            .collect()
    }

    /// True when some class outside the tree has this action.
    pub(super) fn supplies_action(&self, class: ClassRef, action: &str) -> bool {
        self.outside(class).iter().any(|outside| {
            let supplied = ACTIONS.iter().find(|(name, _)| outside.ends_with(name));
            supplied.is_some_and(|(_, actions)| actions.contains(&action))
        })
    }

    /// Methods that the framework answers, beside the class's own.
    pub(super) fn supplied(
        &mut self,
        class: ClassRef,
        own: &[HttpMethod],
        allowed: Option<&[HttpMethod]>,
        declared: Site,
        prefix: &Prefix,
    ) {
        let outside = self.outside(class);
        let mut methods: Vec<HttpMethod> = Vec::new();
        for name in &outside {
            let found = SUPPLIED.iter().find(|(end, _)| name.ends_with(end));
            methods.extend(found.into_iter().flat_map(|(_, methods)| *methods));
        }
        // a view of a library that is not known: it answers something
        if methods.is_empty() && own.is_empty() && !outside.is_empty() {
            let bare = ["View", "APIView", "ViewSet", "GenericViewSet", "object"];
            if outside.iter().any(|name| !bare.contains(name)) {
                methods.push(HttpMethod::Any);
            }
        }
        methods.sort_unstable();
        methods.dedup();
        for method in methods {
            let open = allowed.is_none_or(|all| all.contains(&method));
            if open && !own.contains(&method) {
                let view = self.standing_for(class, method);
                self.add(prefix, method, view, Some(class), None, declared);
            }
        }
    }

    /// The function that stands for what the framework does: the hook that it calls, else the
    /// body of the class.
    pub(super) fn standing_for(&self, class: ClassRef, method: HttpMethod) -> FunctionRef {
        const READ: [&str; 3] = ["get_context_data", "get_queryset", "get_object"];
        let hooks: &[&str] = match method {
            Post => &["form_valid", "perform_create"],
            Put | Patch => &["perform_update"],
            Delete => &["perform_destroy"],
            _ => &READ,
        };
        let found = hooks.iter().find_map(|name| self.method(class, name));
        found.unwrap_or_else(|| {
            let body = self.program.module(class.0).ir.class(class.1).body;
            FunctionRef(class.0, body)
        })
    }
}
