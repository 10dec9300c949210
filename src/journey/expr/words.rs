//! Which event names an expression speaks of, for whoever looks for those that are not there.

use super::tree::{Lit, Literal, Node, Op, Operand};

/// The texts that `event` is compared with by `==`, `!=` or `in`, each once, in their order.
pub(super) fn of_events(root: &Node) -> Vec<&str> {
    let mut words = Vec::new();
    collect(root, &mut words);
    let mut seen = Vec::with_capacity(words.len());
    for word in words {
        if !seen.contains(&word) {
            seen.push(word);
        }
    }
    seen
}

fn collect<'n>(node: &'n Node, words: &mut Vec<&'n str>) {
    match node {
        Node::And(nodes) | Node::Or(nodes) => nodes.iter().for_each(|node| collect(node, words)),
        Node::Not(node) => collect(node, words),
        Node::Compare { left, op: Op::Eq | Op::Ne, right } => match (left, right) {
            (operand, Operand::Literal(literal)) | (Operand::Literal(literal), operand) if is_event(operand) => {
                words.extend(text(literal));
            }
            _ => {}
        },
        Node::In { left, items, .. } if is_event(left) => words.extend(items.iter().filter_map(text)),
        Node::Compare { .. } | Node::In { .. } | Node::Text { .. } | Node::Null { .. } | Node::Holds(_) => {}
    }
}

fn is_event(operand: &Operand) -> bool {
    matches!(operand, Operand::Name(name) if !name.quoted && name.to_string() == "event")
}

fn text(literal: &Literal) -> Option<&str> {
    match &literal.value {
        Lit::Text(text) => Some(text),
        Lit::Number(_) | Lit::Flag(_) | Lit::Span(_) | Lit::Time(_) => None,
    }
}
