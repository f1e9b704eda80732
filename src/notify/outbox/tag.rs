//! On whose behalf a message goes: what whoever put it wants to know again at its end.

use serde::{Deserialize, Deserializer, Serialize};

/// On whose behalf a message goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "for", rename_all = "lowercase")]
pub enum Tag {
    /// Of a watch.
    Watch {
        /// Its id.
        id: String,
        /// The event's number.
        seq: u64,
        /// Whom the event is about.
        subject: String,
    },
    /// Of a rule of the site.
    Rule {
        /// Whom the event is about.
        subject: String,
    },
    /// Of the server's owner.
    Owner {
        /// Whom the event is about.
        subject: String,
    },
    /// Of whoever could not send it.
    Relay,
}

impl Tag {
    /// Reads `WORD:ID:SEQ:SUBJECT`, as which it was written until version 0.1.
    fn from_text(text: &str) -> Option<Tag> {
        let mut parts = text.splitn(4, ':');
        let (word, id) = (parts.next()?, parts.next()?.to_owned());
        let (seq, subject) = (parts.next()?.parse().ok()?, parts.next()?.to_owned());
        match word {
            "watch" => Some(Tag::Watch { id, seq, subject }),
            "rule" => Some(Tag::Rule { subject }),
            "owner" => Some(Tag::Owner { subject }),
            "relay" => Some(Tag::Relay),
            _ => None,
        }
    }
}

/// Reads a tag in either form; one that means nothing is none, and its message goes all the same.
pub(super) fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Tag>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Form {
        Now(Tag),
        Before(String),
        Unknown(serde::de::IgnoredAny),
    }
    Ok(match Form::deserialize(deserializer)? {
        Form::Now(tag) => Some(tag),
        Form::Before(text) => Tag::from_text(&text),
        Form::Unknown(_) => None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::notify::Notice;
    use crate::notify::outbox::Envelope;

    /// A letter as it is on the disk.
    fn letter(tag: Option<Tag>) -> Value {
        let letter = Envelope::new("ntfy://x", Notice::default(), None);
        serde_json::to_value(Envelope { tag, ..letter }).unwrap()
    }

    fn read_back(letter: Value) -> Option<Tag> {
        serde_json::from_value::<Envelope>(letter).unwrap().tag
    }

    /// What is read of a letter with this in it.
    fn read_tag(tag: Value) -> Option<Tag> {
        let mut letter = letter(None);
        letter["tag"] = tag;
        read_back(letter)
    }

    #[test]
    fn a_tag_comes_back_from_the_disk() {
        let subject = "a:b".to_owned();
        for tag in [
            Tag::Watch { id: "w:1".to_owned(), seq: 7, subject: subject.clone() },
            Tag::Rule { subject: subject.clone() },
            Tag::Owner { subject },
            Tag::Relay,
        ] {
            assert_eq!(read_back(letter(Some(tag.clone()))), Some(tag));
        }
        assert_eq!(letter(None).get("tag"), None);
        assert_eq!(read_back(letter(None)), None);
    }

    #[test]
    fn a_letter_that_an_older_version_left_on_the_disk_is_read() {
        let subject = || "a:b".to_owned();
        for (text, tag) in [
            (
                "watch:id:7:a:b",
                Some(Tag::Watch { id: "id".to_owned(), seq: 7, subject: subject() }),
            ),
            ("rule::7:a:b", Some(Tag::Rule { subject: subject() })),
            ("owner::7:a:b", Some(Tag::Owner { subject: subject() })),
            ("relay::0:", Some(Tag::Relay)),
            ("boss::1:x", None),
            ("rule::x:y", None),
            ("", None),
        ] {
            assert_eq!(read_tag(json!(text)), tag, "{text}");
        }
        assert_eq!(read_tag(json!({"for": "somebody from the future"})), None);
    }
}
