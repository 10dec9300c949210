//! What is written as one text in flags is one text in saved questions too.

/// Serialises types by their `Display` and reads them by their `FromStr`, whose error is a sentence.
macro_rules! serde_by_text {
    ($($name:ty),*) => { $(
        impl TryFrom<String> for $name {
            type Error = String;

            fn try_from(text: String) -> Result<Self, String> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> String {
                value.to_string()
            }
        }
    )* };
}
pub(super) use serde_by_text;
