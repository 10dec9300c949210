//! Rust sources read well enough to see what they mention: words, paths, and where the tests begin.

/// The part of a file before its tests.
pub fn before_tests(text: &str) -> &str {
    let mut at = 0;
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    for (i, line) in lines.iter().enumerate() {
        let opens_tests = line.starts_with("#[cfg(test)]")
            && lines[i + 1..]
                .iter()
                .find(|l| !l.starts_with("#["))
                .is_some_and(|l| l.starts_with("mod ") && l.contains('{'));
        if opens_tests {
            return &text[..at];
        }
        at += line.len();
    }
    text
}

/// Files that their parent module, or one above it, declares under `#[cfg(test)]`.
pub fn is_test_file(path: &str, files: &[(String, String)]) -> bool {
    let Some((folder, file)) = path.rsplit_once('/') else { return false };
    if is_test_file(&format!("{folder}.rs"), files) {
        return true;
    }
    let module = file.trim_end_matches(".rs");
    let parents = [format!("{folder}/mod.rs"), format!("{folder}.rs"), format!("{folder}/lib.rs")];
    files.iter().filter(|(name, _)| parents.contains(name)).any(|(_, text)| {
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        lines.windows(2).any(|pair| {
            pair[0] == "#[cfg(test)]"
                && pair[1].trim_start_matches("pub ").trim_start_matches("pub(crate) ") == format!("mod {module};")
        })
    })
}

/// Words and `::` of a source, without comments and literals; every other character that is not space is a token.
pub fn tokens(source: &str) -> Vec<String> {
    let bytes: Vec<char> = source.chars().collect();
    let (mut found, mut at) = (Vec::new(), 0);
    let starts = |at: usize, text: &str| text.chars().enumerate().all(|(i, c)| bytes.get(at + i) == Some(&c));
    while let Some(&c) = bytes.get(at) {
        if starts(at, "//") {
            at += bytes[at..].iter().take_while(|c| **c != '\n').count();
        } else if starts(at, "/*") {
            at += 2;
            while at < bytes.len() && !starts(at, "*/") {
                at += 1;
            }
            at += 2;
        } else if c == '"' {
            at = after_text(&bytes, at + 1);
        } else if let Some(after) = after_raw_text(&bytes, at) {
            at = after;
        } else if c == '\'' {
            at = after_char_or_lifetime(&bytes, at);
        } else if c.is_alphanumeric() || c == '_' {
            let len = bytes[at..].iter().take_while(|c| c.is_alphanumeric() || **c == '_').count();
            found.push(bytes[at..at + len].iter().collect());
            at += len;
        } else if starts(at, "::") {
            found.push("::".into());
            at += 2;
        } else {
            if !c.is_whitespace() {
                found.push(c.into());
            }
            at += 1;
        }
    }
    found
}

fn after_text(bytes: &[char], mut at: usize) -> usize {
    while at < bytes.len() && bytes[at] != '"' {
        at += if bytes[at] == '\\' { 2 } else { 1 };
    }
    at + 1
}

/// Past `r"…"`, `r#"…"#` and their byte forms, where one starts here.
fn after_raw_text(bytes: &[char], at: usize) -> Option<usize> {
    if at > 0 && (bytes[at - 1].is_alphanumeric() || bytes[at - 1] == '_') {
        return None;
    }
    let skip = if bytes[at] == 'b' { 1 } else { 0 };
    if bytes.get(at + skip) != Some(&'r') {
        return None;
    }
    let hashes = bytes[at + skip + 1..].iter().take_while(|c| **c == '#').count();
    let open = at + skip + 1 + hashes;
    if bytes.get(open) != Some(&'"') {
        return None;
    }
    let closes =
        |i: usize| bytes[i] == '"' && bytes[i + 1..].iter().take(hashes).filter(|c| **c == '#').count() == hashes;
    let close = (open + 1..bytes.len()).find(|&i| closes(i)).unwrap_or(bytes.len());
    Some(close + 1 + hashes)
}

fn after_char_or_lifetime(bytes: &[char], at: usize) -> usize {
    match (bytes.get(at + 1), bytes.get(at + 2)) {
        (Some('\\'), _) => at + 3 + bytes[(at + 3).min(bytes.len())..].iter().take_while(|c| **c != '\'').count() + 1,
        (Some(_), Some('\'')) => at + 3,
        _ => at + 1,
    }
}

/// Every path of two or more parts that a source mentions, groups written out, and single names that are imported.
pub fn paths(tokens: &[String]) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let before = at.checked_sub(1).map_or("", |i| tokens[i].as_str());
        let is_import = before == "use";
        let starts_path =
            is_word(&tokens[at]) && before != "." && (is_import || tokens.get(at + 1).is_some_and(|t| t == "::"));
        if starts_path || (is_import && (tokens[at] == "{" || tokens[at] == "::")) {
            at = tree(tokens, at, &mut Vec::new(), &mut found);
        } else {
            at += 1;
        }
    }
    found
}

fn is_word(token: &str) -> bool {
    token.chars().next().is_some_and(|c| c.is_alphabetic() || c == '_')
}

/// Reads a path or a group of paths behind a prefix; returns where it ends.
fn tree(tokens: &[String], mut at: usize, prefix: &mut Vec<String>, found: &mut Vec<Vec<String>>) -> usize {
    let depth = prefix.len();
    loop {
        match tokens.get(at).map(String::as_str) {
            Some("::") => at += 1,
            Some("{") => {
                at += 1;
                while at < tokens.len() && tokens[at] != "}" {
                    if tokens[at] == "," {
                        at += 1;
                        continue;
                    }
                    let next = tree(tokens, at, prefix, found);
                    // A group that is none (a block after all) must not hold us up.
                    at = if next == at { at + 1 } else { next };
                }
                prefix.truncate(depth);
                return at + 1;
            }
            Some(word) if is_word(word) && (prefix.len() == depth || tokens[at - 1] == "::") => {
                prefix.push(word.to_owned());
                at += 1;
                if tokens.get(at).is_none_or(|t| t != "::") {
                    break;
                }
            }
            _ => break,
        }
    }
    if prefix.len() > depth {
        found.push(prefix.clone());
    }
    prefix.truncate(depth);
    at
}
