//! `keytrail can --cases FILE|-`: line by line, in memory that does not grow with the file.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, ErrorKind, Write};
use std::path::Path;

use anyhow::anyhow;
use keytrail_engine::cases::{CaseError, MOST_BYTES, answer, refused};

use crate::cli::Global;
use crate::failure::usage;
use crate::talk;

/// Answers every case. A line that can't be answered says so in its place: the answers are whole.
pub(super) fn run(global: &Global, file: &Path) -> anyhow::Result<u8> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    let answered = if file.as_os_str() == "-" {
        answers(&mut std::io::stdin().lock(), &mut out)
    } else {
        let opened = File::open(file).map_err(|error| {
            let told = format!("cannot read {}: {}", file.display(), error.kind());
            usage(told, "give a file of JSON lines, or `-` for standard input")
        })?;
        answers(&mut BufReader::new(opened), &mut out)
    };
    let ended = answered.and_then(|wrong| out.flush().map(|()| wrong));
    match ended {
        Ok(wrong) => {
            if wrong > 0 {
                let told = "lines could not be answered; their errors stand in their places";
                talk::note(global, &format!("{wrong} {told}"));
            }
            Ok(0)
        }
        // Who closed the pipe has seen enough.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(0),
        Err(error) => Err(anyhow!("cannot answer the cases: {}", error.kind())),
    }
}

/// Answers line by line and returns how many were wrong.
fn answers(input: &mut dyn BufRead, out: &mut dyn Write) -> std::io::Result<u64> {
    let mut wrong = 0;
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        let whole = match next(input, &mut line)? {
            Line::End => break,
            Line::Whole => std::str::from_utf8(&line).map_err(|_| CaseError::NotUtf8),
            Line::TooLong => Err(CaseError::TooLong),
        };
        let told = match whole.map(str::trim) {
            Ok("") => continue,
            Ok(text) => answer(text, number),
            Err(error) => refused(&error, number),
        };
        wrong += u64::from(told.contains("\"error\":"));
        writeln!(out, "{told}")?;
        // Whoever asks one by one, through a pipe, waits for this answer.
        out.flush()?;
    }
    Ok(wrong)
}

enum Line {
    End,
    Whole,
    TooLong,
}

/// The next line; what is too long is read past, not kept.
fn next(input: &mut dyn BufRead, line: &mut Vec<u8>) -> std::io::Result<Line> {
    let mut too_long = false;
    let mut any = false;
    loop {
        let chunk = match input.fill_buf() {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            other => other?,
        };
        if chunk.is_empty() {
            break;
        }
        any = true;
        let end = chunk.iter().position(|byte| *byte == b'\n');
        let taken = end.map_or(chunk.len(), |end| end + 1);
        too_long |= line.len() + taken > MOST_BYTES;
        if !too_long {
            line.extend_from_slice(&chunk[..taken]);
        }
        input.consume(taken);
        if end.is_some() {
            break;
        }
    }
    Ok(match (any, too_long) {
        (false, _) => Line::End,
        (true, true) => Line::TooLong,
        (true, false) => Line::Whole,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(input: &[u8]) -> (u64, Vec<String>) {
        let mut out = Vec::new();
        let wrong = answers(&mut BufReader::with_capacity(64, input), &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        (wrong, text.lines().map(str::to_owned).collect())
    }

    #[test]
    fn bad_lines_are_told_and_the_rest_is_answered() {
        let good = br#"{"id":1,"request":{"principal":"arn:aws:iam::111122223333:user/ann","action":"dynamodb:GetItem","resource":"*"}}"#;
        let mut input = b"{\n\n".to_vec();
        input.extend_from_slice(good);
        input.extend_from_slice(b"\n\xff\xfe\n");
        input.extend(std::iter::repeat_n(b' ', MOST_BYTES + 10));
        input.push(b'\n');
        input.extend_from_slice(good);
        let (wrong, told) = ask(&input);
        assert_eq!((wrong, told.len()), (3, 5), "{told:?}");
        assert!(told[0].contains("\"line\":1") && told[0].contains("no JSON"));
        assert!(told[1].contains("\"decision\":\"implicit_deny\""));
        assert!(told[2].contains("\"line\":4") && told[2].contains("UTF-8"));
        assert!(told[3].contains("longer than 8 MB"), "{}", told[3]);
        assert_eq!(told[4], told[1]);
    }
}
