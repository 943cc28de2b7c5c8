//! Parses Telegram's HTML: the text that it shows, or the error for which Telegram refuses it.

const TAGS: [&str; 9] = ["b", "i", "u", "s", "code", "pre", "a", "strong", "em"];
const ENTITIES: [(&str, char); 4] = [("&lt;", '<'), ("&gt;", '>'), ("&amp;", '&'), ("&quot;", '"')];

/// The text that people see, or Telegram's error.
pub fn shown(html: &str) -> Result<String, String> {
    let refuse = |why: &str| Err(format!("Bad Request: can't parse entities: {why}"));
    let mut open: Vec<&str> = Vec::new();
    let mut text = String::new();
    let mut rest = html;
    while let Some(next) = rest.chars().next() {
        match next {
            '<' => {
                let Some(end) = rest.find('>') else { return refuse("unclosed tag") };
                let tag = &rest[1..end];
                let (name, closes) = match tag.strip_prefix('/') {
                    Some(name) => (name, true),
                    None => (tag.split(' ').next().unwrap_or(tag), false),
                };
                if !TAGS.contains(&name) {
                    return refuse(&format!("unsupported start tag \"{name}\""));
                }
                if closes && open.pop() != Some(name) {
                    return refuse(&format!("unexpected end tag \"{name}\""));
                }
                if !closes {
                    open.push(name);
                }
                rest = &rest[end + 1..];
            }
            '&' => {
                let known = ENTITIES.iter().find(|(entity, _)| rest.starts_with(entity));
                let Some((entity, c)) = known else { return refuse("unescaped &") };
                text.push(*c);
                rest = &rest[entity.len()..];
            }
            '>' => return refuse("unescaped >"),
            c => {
                text.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    if open.is_empty() { Ok(text) } else { refuse("can't find end tag") }
}
