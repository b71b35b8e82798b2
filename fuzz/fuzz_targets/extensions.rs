//! Law: `Sec-WebSocket-Extensions` is read as §9.1's grammar says, which is here written down once more, as a tokenizer and a table.
#![no_main]

use libfuzzer_sys::fuzz_target;
use websocket_proto::extension::Extensions;

fuzz_target!(|value: &[u8]| {
    let mut ours = Vec::new();
    let mut failed = false;
    let mut extensions = Extensions::new(value);
    for extension in extensions.by_ref() {
        assert!(!failed, "the first breach is the last item");
        match extension {
            Ok(extension) => {
                let params = extension.params().map(|param| {
                    let value = param.value().map(|value| value.bytes().collect::<Vec<u8>>());
                    if let Some(value) = param.value() {
                        assert!(value == *value.to_string() && value.to_string().bytes().eq(value.bytes()));
                    }
                    (param.name().as_bytes().to_vec(), value)
                });
                ours.push((extension.name().as_bytes().to_vec(), params.collect()));
            }
            Err(_) => failed = true,
        }
    }
    assert!(extensions.next().is_none());
    assert_eq!((ours, failed), naive(value));
});

type Naive = (Vec<u8>, Vec<(Vec<u8>, Option<Vec<u8>>)>);

#[derive(Debug, PartialEq)]
enum Word {
    Token(Vec<u8>),
    Quoted(Vec<u8>),
    Sign(u8),
}

/// All extensions before the first breach, and whether there is one.
fn naive(value: &[u8]) -> (Vec<Naive>, bool) {
    let mut all = Vec::new();
    // A list element ends at a comma that stands outside quotes.
    for element in words(value).split(|word| *word == Some(Word::Sign(b','))) {
        if element.is_empty() {
            continue;
        }
        let Some(extension) = extension(element) else { return (all, true) };
        all.push(extension);
    }
    (all, false)
}

/// `None` is something that is no word; nothing follows it.
fn words(value: &[u8]) -> Vec<Option<Word>> {
    let (mut words, mut i) = (Vec::new(), 0);
    while i < value.len() {
        let start = i;
        match value[i] {
            b' ' | b'\t' => i += 1,
            b',' | b';' | b'=' => {
                words.push(Some(Word::Sign(value[i])));
                i += 1;
            }
            b'"' => {
                let mut text = Vec::new();
                i += 1;
                loop {
                    match value.get(i) {
                        None => {
                            words.push(None);
                            return words;
                        }
                        Some(b'"') => break,
                        Some(b'\\') => i += 1,
                        Some(_) => {}
                    }
                    let Some(&byte) = value.get(i) else { continue };
                    text.push(byte);
                    i += 1;
                }
                i += 1;
                // "the value after quoted-string unescaping MUST conform to the 'token' ABNF"
                let is_token = !text.is_empty() && text.iter().copied().all(is_token_byte);
                words.push(is_token.then_some(Word::Quoted(text)));
                if !is_token {
                    return words;
                }
            }
            _ => {
                while i < value.len() && is_token_byte(value[i]) {
                    i += 1;
                }
                if i == start {
                    words.push(None);
                    return words;
                }
                words.push(Some(Word::Token(value[start..i].to_vec())));
            }
        }
    }
    words
}

/// `token *( ";" token [ "=" (token | quoted-string) ] )`
fn extension(words: &[Option<Word>]) -> Option<Naive> {
    let mut parts = words.split(|word| *word == Some(Word::Sign(b';')));
    let [Some(Word::Token(name))] = parts.next()? else { return None };
    let mut params = Vec::new();
    for part in parts {
        params.push(match part {
            [Some(Word::Token(name))] => (name.clone(), None),
            [Some(Word::Token(name)), Some(Word::Sign(b'=')), Some(Word::Token(value) | Word::Quoted(value))] => {
                (name.clone(), Some(value.clone()))
            }
            _ => return None,
        });
    }
    Some((name.clone(), params))
}

/// RFC 2616 §2.2: "any CHAR except CTLs or separators".
fn is_token_byte(byte: u8) -> bool {
    (33..127).contains(&byte) && !b"()<>@,;:\\\"/[]?={}".contains(&byte)
}
