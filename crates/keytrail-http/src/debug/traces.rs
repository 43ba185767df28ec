//! Traces of other frameworks: Python, Werkzeug, `FastAPI`, Express, Spring, and a few more by their shape.

use serde_json::Value;

use super::django::short;
use super::{Page, sorted};

/// Frames that are read of one trace.
const MOST: usize = 200;

pub(crate) fn page(text: &str, json: Option<&Value>) -> Option<Page> {
    // A trace inside JSON has its line ends escaped.
    let unescaped;
    let text = if json.is_some() {
        unescaped = text
            .replace("\\n", "\n")
            .replace("\\\"", "\"")
            .replace("\\t", "\t");
        unescaped.as_str()
    } else {
        text
    };
    werkzeug(text)
        .or_else(|| actuator(json))
        .or_else(|| python(text))
        .or_else(|| java(text))
        .or_else(|| node(text))
        .or_else(|| others(text))
}

fn trace(framework: &str, exception: &str, frames: Vec<String>) -> Page {
    Page {
        framework: framework.to_owned(),
        exception: exception.trim().chars().take(80).collect(),
        frames,
        ..Page::default()
    }
}

fn werkzeug(text: &str) -> Option<Page> {
    let debugger = text.contains("Werkzeug Debugger")
        || text.contains("Interactive Console") && text.contains("__debugger__");
    debugger.then(|| Page {
        full: true,
        ..trace("Werkzeug", title(text), python_frames(text))
    })
}

fn title(text: &str) -> &str {
    text.split("<title>")
        .nth(1)
        .and_then(|rest| rest.split("</title>").next())
        .unwrap_or_default()
}

/// Spring's actuator: not a trace, and worse.
fn actuator(json: Option<&Value>) -> Option<Page> {
    let map = json?.as_object()?;
    let sources = map.get("propertySources")?.as_array()?;
    let names = sources
        .iter()
        .filter_map(|source| source.get("properties")?.as_object())
        .flat_map(|properties| properties.keys().cloned())
        .take(MOST * 5)
        .collect();
    Some(Page {
        framework: "Spring Boot Actuator".to_owned(),
        full: true,
        settings: sorted(names),
        ..Page::default()
    })
}

fn python(text: &str) -> Option<Page> {
    if !text.contains("Traceback (most recent call last)") {
        return None;
    }
    let frames = python_frames(text);
    let framework = if text.contains("starlette") || text.contains("fastapi") {
        "FastAPI"
    } else {
        "Python"
    };
    let last = text
        .lines()
        .map(str::trim)
        .rfind(|line| line.contains("Error") || line.contains("Exception"));
    Some(trace(
        framework,
        last.and_then(|line| line.split(':').next())
            .unwrap_or_default(),
        frames,
    ))
}

/// `File "/srv/app/x.py", line 12, in get`, plain or with entities.
pub(crate) fn python_frames(text: &str) -> Vec<String> {
    let plain = crate::discover::html::unescape(text);
    let mut frames = Vec::new();
    for piece in plain.split("File \"").skip(1).take(MOST) {
        let Some((file, rest)) = piece.split_once('"') else {
            continue;
        };
        let Some(rest) = rest.split("line ").nth(1) else {
            continue;
        };
        let line: String = rest
            .trim_start_matches(|c: char| !c.is_ascii_digit())
            .chars()
            .take_while(char::is_ascii_digit)
            .collect();
        let function = rest
            .split(" in ")
            .nth(1)
            .and_then(|rest| {
                rest.split(|c: char| !(c.is_alphanumeric() || "_<>.".contains(c)))
                    .find(|word| !word.is_empty())
            })
            .unwrap_or("?");
        if !line.is_empty() && file.len() < 300 {
            frames.push(format!("{}:{line} in {function}", short(file)));
        }
    }
    frames
}

/// `at com.shop.Keys.get(Keys.java:12)`.
fn java(text: &str) -> Option<Page> {
    let frames: Vec<String> = text
        .split("at ")
        .filter_map(|piece| {
            let (call, rest) = piece.split_once('(')?;
            let place = rest.split(')').next()?;
            let (file, line) = place.split_once(':')?;
            let known = [".java", ".kt", ".scala"]
                .iter()
                .any(|end| file.ends_with(end));
            (known && line.bytes().all(|byte| byte.is_ascii_digit()) && call.len() < 200)
                .then(|| format!("{file}:{line} in {call}"))
        })
        .take(MOST)
        .collect();
    let framework = if text.contains("org.springframework") {
        "Spring"
    } else {
        "Java"
    };
    (frames.len() > 1).then(|| {
        trace(
            framework,
            text.split(['\n', ':'])
                .find(|part| part.contains("Exception"))
                .unwrap_or_default(),
            frames,
        )
    })
}

/// `at get (/srv/app/routes/keys.js:12:7)`, in text or with line breaks of HTML.
fn node(text: &str) -> Option<Page> {
    let plain = text.replace("&nbsp;", " ").replace("<br>", "\n");
    let frames: Vec<String> = plain
        .lines()
        .filter_map(|line| {
            let call = line.trim().strip_prefix("at ")?;
            let place = call.rsplit(['(', ' ']).next()?.trim_end_matches(')');
            let mut parts = place.rsplitn(3, ':');
            let (_, line, file) = (parts.next()?, parts.next()?, parts.next()?);
            let known = [".js", ".ts", ".mjs", ".cjs"]
                .iter()
                .any(|end| file.ends_with(end))
                || file.starts_with("node:");
            let function = call.split([' ', '(']).next()?;
            (known && line.bytes().all(|byte| byte.is_ascii_digit()))
                .then(|| format!("{}:{line} in {function}", short(file)))
        })
        .take(MOST)
        .collect();
    (frames.len() > 1).then(|| {
        trace(
            "Express",
            plain
                .split(['\n', ':'])
                .find(|part| part.contains("Error"))
                .unwrap_or_default(),
            frames,
        )
    })
}

/// By words that nothing but an error has.
fn others(text: &str) -> Option<Page> {
    const MARKS: &[(&str, &str)] = &[
        ("goroutine 1 [running]", "Go"),
        ("Server Error in '/' Application", "ASP.NET"),
        ("   at System.", ".NET"),
        ("Action Controller: Exception caught", "Rails"),
        ("Whoops, looks like something went wrong", "Laravel"),
        ("PHP Fatal error:", "PHP"),
        ("<b>Fatal error</b>:", "PHP"),
        ("<h1 class=\"p\">PHP Version", "phpinfo"),
        ("org.hibernate.exception", "Hibernate"),
        ("psycopg2.errors.", "PostgreSQL"),
        ("botocore.exceptions.", "botocore"),
    ];
    let (_, framework) = MARKS.iter().find(|(mark, _)| text.contains(mark))?;
    Some(trace(framework, "", Vec::new()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_framework_by_its_trace() {
        for (text, framework, frame) in [
            (
                "Traceback (most recent call last):\n  File \"/srv/app/keys.py\", line 3, in get\nKeyError: 'x'",
                "Python",
                "srv/app/keys.py:3 in get",
            ),
            (
                "Error: no key<br> &nbsp; &nbsp;at get (/srv/app/keys.js:3:9)<br> &nbsp; &nbsp;at next (/srv/app/router.js:9:1)",
                "Express",
                "srv/app/keys.js:3 in get",
            ),
            (
                "java.lang.IllegalStateException: x\n\tat org.springframework.web.A.b(A.java:7)\n\tat com.shop.Keys.get(Keys.java:12)",
                "Spring",
                "A.java:7 in org.springframework.web.A.b",
            ),
        ] {
            let page = page(text, None).unwrap();
            assert_eq!(
                (page.framework.as_str(), page.frames[0].as_str()),
                (framework, frame)
            );
        }
        let escaped = json!({"trace": "Traceback (most recent call last):\n  File \"/a/b/c.py\", line 3, in get\n"});
        assert_eq!(
            page(&escaped.to_string(), Some(&escaped)).unwrap().frames,
            ["a/b/c.py:3 in get"]
        );
    }

    #[test]
    fn talk_about_errors_is_no_trace() {
        for text in [
            "meet me at 5 (in the park)",
            "look at x.js:3 please",
            "{\"detail\": \"Error: not found\"}",
        ] {
            assert!(page(text, None).is_none(), "{text}");
        }
    }
}
