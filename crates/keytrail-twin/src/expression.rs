//! Words of DynamoDB's expressions, and the names and values that placeholders stand for.

use serde_json::Value;

use crate::reply::{Refused, refused};
use crate::value::Step;

/// A word of an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    Word(String),
    Sign(&'static str),
}

/// Words and signs, in order.
pub(crate) fn tokens(text: &str) -> Result<Vec<Token>, Refused> {
    const SIGNS: &[&str] = &["<>", "=", "(", ")", ",", ".", "[", "]", "+", "-"];
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            found.push(Token::Sign(sign));
            rest = &rest[sign.len()..];
        } else {
            let word = |c: char| c.is_ascii_alphanumeric() || "_#:".contains(c);
            let end = rest.find(|c| !word(c)).unwrap_or(rest.len());
            if end == 0 {
                return Err(refused("ValidationException"));
            }
            found.push(Token::Word(rest[..end].to_owned()));
            rest = &rest[end..];
        }
        rest = rest.trim_start();
    }
    Ok(found)
}

/// Reads tokens one after the other.
pub(crate) struct Reader<'r> {
    tokens: Vec<Token>,
    at: usize,
    request: &'r Value,
}

impl<'r> Reader<'r> {
    pub(crate) fn new(text: &str, request: &'r Value) -> Result<Self, Refused> {
        Ok(Self {
            tokens: tokens(text)?,
            at: 0,
            request,
        })
    }

    pub(crate) fn at_end(&self) -> bool {
        self.at == self.tokens.len()
    }

    /// The next word in capitals, without taking it.
    pub(crate) fn keyword(&self) -> Option<String> {
        match self.tokens.get(self.at)? {
            Token::Word(word) => Some(word.to_ascii_uppercase()),
            Token::Sign(_) => None,
        }
    }

    pub(crate) fn skip(&mut self) {
        self.at += 1;
    }

    pub(crate) fn take_sign(&mut self, sign: &str) -> bool {
        let there = matches!(self.tokens.get(self.at), Some(Token::Sign(found)) if *found == sign);
        self.at += usize::from(there);
        there
    }

    pub(crate) fn expect(&mut self, sign: &str) -> Result<(), Refused> {
        if self.take_sign(sign) {
            Ok(())
        } else {
            Err(refused("ValidationException"))
        }
    }

    pub(crate) fn word(&mut self) -> Result<String, Refused> {
        match self.tokens.get(self.at) {
            Some(Token::Word(word)) => {
                self.at += 1;
                Ok(word.clone())
            }
            _ => Err(refused("ValidationException")),
        }
    }

    /// A value placeholder, if one stands here.
    pub(crate) fn value(&mut self) -> Result<Option<Value>, Refused> {
        match self.tokens.get(self.at) {
            Some(Token::Word(word)) if word.starts_with(':') => {
                self.at += 1;
                let values = self.request.get("ExpressionAttributeValues");
                let value = values.and_then(|values| values.get(word));
                value
                    .cloned()
                    .map(Some)
                    .ok_or_else(|| refused("ValidationException"))
            }
            _ => Ok(None),
        }
    }

    pub(crate) fn path(&mut self) -> Result<Vec<Step>, Refused> {
        let mut steps = vec![self.field()?];
        loop {
            if self.take_sign(".") {
                steps.push(self.field()?);
            } else if self.take_sign("[") {
                let index = self.word()?.parse();
                steps.push(Step::Index(
                    index.map_err(|_| refused("ValidationException"))?,
                ));
                self.expect("]")?;
            } else {
                return Ok(steps);
            }
        }
    }

    fn field(&mut self) -> Result<Step, Refused> {
        let word = self.word()?;
        if !word.starts_with('#') {
            return Ok(Step::Field(word));
        }
        let names = self.request.get("ExpressionAttributeNames");
        let name = names.and_then(|names| names.get(&word)?.as_str());
        name.map(|name| Step::Field(name.to_owned()))
            .ok_or_else(|| refused("ValidationException"))
    }
}
