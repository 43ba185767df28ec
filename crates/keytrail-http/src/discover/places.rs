//! Usual places, by what is looked for there.

/// Specifications.
pub(crate) const SPECIFICATIONS: &[&str] = &[
    "openapi.json",
    "openapi.yaml",
    "swagger.json",
    "api/schema/?format=json",
    "api/schema/",
    "schema/",
    "api/openapi.json",
    "docs/openapi.json",
    "api-docs",
    "v3/api-docs",
    "v2/api-docs",
    "api/swagger.json",
    "swagger/v1/swagger.json",
    "api/v1/openapi.json",
    ".well-known/openapi.json",
];

/// Pages that show one.
pub(crate) const PAGES: &[&str] = &[
    "docs",
    "docs/",
    "redoc",
    "redoc/",
    "swagger/",
    "swagger-ui/",
    "swagger-ui/index.html",
    "api/docs/",
    "api/schema/swagger-ui/",
    "api/schema/redoc/",
    "api/",
];

/// Documents that name further paths.
pub(crate) const DOCUMENTS: &[&str] = &[
    "robots.txt",
    "sitemap.xml",
    ".well-known/openid-configuration",
    ".well-known/api-catalog",
    ".well-known/security.txt",
];

/// Administration and what is for inside.
pub(crate) const ADMIN: &[&str] = &[
    "admin/",
    "api/admin/",
    "api/admin/users/",
    "admin/users",
    "internal/",
    "api/internal/",
    "manage/",
    "management/",
    "api/users/",
    "api/admin/keys/",
    "internal/config",
    "api/internal/config",
    "api/admin/settings/",
    "superuser/",
    "staff/",
    "ops/",
    "dashboard/admin/",
];

/// Debug pages and dumps of the environment.
pub(crate) const DEBUG: &[&str] = &[
    "__debug__/",
    "debug/",
    "debug",
    "api/debug/",
    "debug/vars",
    "debug/pprof/",
    "debug/default/view",
    "_profiler/",
    "console",
    "env",
    "api/env",
    ".env",
    "config.json",
    "actuator",
    "actuator/env",
    "actuator/configprops",
    "actuator/mappings",
    "phpinfo.php",
    "info.php",
    "server-status",
    "server-info",
    "silk/",
    "_debug/",
    "api/config",
    "trace",
    "elmah.axd",
    ".git/config",
    "ops/env/",
    "status/env",
];
