//! What Django and Django REST framework take for settings that are not set.

use super::value::Val;

/// Settings whose absence matters.
pub(super) const OF_DJANGO: &[&str] = &[
    "ALLOWED_HOSTS",
    "CSRF_COOKIE_SECURE",
    "DEBUG",
    "SECURE_HSTS_SECONDS",
    "SECURE_PROXY_SSL_HEADER",
    "SECURE_SSL_REDIRECT",
    "SESSION_COOKIE_SECURE",
];

/// Keys of `REST_FRAMEWORK` whose absence matters where the framework is installed.
pub(super) const OF_REST_FRAMEWORK: &[(&str, &[&str])] = &[
    (
        "DEFAULT_AUTHENTICATION_CLASSES",
        &[
            "rest_framework.authentication.SessionAuthentication",
            "rest_framework.authentication.BasicAuthentication",
        ],
    ),
    (
        "DEFAULT_PERMISSION_CLASSES",
        &["rest_framework.permissions.AllowAny"],
    ),
    ("DEFAULT_THROTTLE_CLASSES", &[]),
];

/// Django's value for a setting that is not set.
pub(super) fn of(name: &str) -> Option<Val> {
    Some(match name {
        "DEBUG"
        | "SECURE_SSL_REDIRECT"
        | "SESSION_COOKIE_SECURE"
        | "CSRF_COOKIE_SECURE"
        | "SECURE_HSTS_INCLUDE_SUBDOMAINS"
        | "SECURE_HSTS_PRELOAD"
        | "CSRF_COOKIE_HTTPONLY"
        | "CORS_ALLOW_ALL_ORIGINS"
        | "CORS_ORIGIN_ALLOW_ALL"
        | "CORS_ALLOW_CREDENTIALS" => Val::Bool(false),
        "SECURE_HSTS_SECONDS" => Val::Int(0),
        "ALLOWED_HOSTS" | "CSRF_TRUSTED_ORIGINS" | "CORS_ALLOWED_ORIGINS" => Val::list(Vec::new()),
        "SECURE_PROXY_SSL_HEADER" => Val::None,
        _ => return None,
    })
}
