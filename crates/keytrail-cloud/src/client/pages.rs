//! Lists that come in pages, bounded against services that lead in circles.

use serde_json::{Map, Value};

use super::call::Call;
use super::send::Client;
use crate::error::CloudError;

const MOST_PAGES: usize = 10_000;

/// How a list is paged: the field with the list, the token's field in the answer and in the request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paging {
    pub(crate) list: &'static str,
    pub(crate) out: &'static str,
    pub(crate) back: &'static str,
}

impl Paging {
    pub(crate) const fn new(list: &'static str, out: &'static str, back: &'static str) -> Self {
        Self { list, out, back }
    }
}

impl Client {
    /// All entries of a list.
    pub(crate) async fn list(
        &self,
        call: Call,
        request: Value,
        paging: Paging,
    ) -> Result<Vec<Value>, CloudError> {
        let mut all = Vec::new();
        self.each_page(call, request, paging.out, paging.back, |mut page| {
            if let Some(Value::Array(items)) = page.get_mut(paging.list).map(Value::take) {
                all.extend(items);
            }
        })
        .await?;
        Ok(all)
    }

    /// Hands each page to `take`.
    pub(crate) async fn each_page(
        &self,
        call: Call,
        request: Value,
        out: &str,
        back: &str,
        mut take: impl FnMut(Value),
    ) -> Result<(), CloudError> {
        let mut request = match request {
            Value::Object(fields) => fields,
            _ => Map::new(),
        };
        let mut last = Value::Null;
        for _ in 0..MOST_PAGES {
            let page = self.call(call, &Value::Object(request.clone())).await?;
            let token = page.get(out).cloned().unwrap_or_default();
            let more = page
                .get("IsTruncated")
                .is_none_or(|more| more.as_bool() == Some(true) || more.as_str() == Some("true"));
            take(page);
            if token.is_null() || token.as_str() == Some("") || !more {
                return Ok(());
            }
            if token == last {
                return Err(CloudError::Repeats { call: call.name() });
            }
            request.insert(back.to_owned(), token.clone());
            last = token;
        }
        Err(CloudError::Endless {
            call: call.name(),
            most: MOST_PAGES,
        })
    }
}
