//! Saved groups of customers, and the two that are pinned to be compared.

use crate::analysis::{Among, Scope};

/// A group with a name. What it means does not change when filters do.
#[derive(Debug, Clone, PartialEq)]
pub struct Cohort {
    pub name: String,
    pub among: Among,
    /// How many they were when it was saved.
    pub size: u64,
}

/// Which of the two groups that are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pin {
    A,
    B,
}

impl Pin {
    pub fn name(self) -> &'static str {
        match self {
            Pin::A => "A",
            Pin::B => "B",
        }
    }

    /// The name with the sign that the group has in charts.
    pub fn mark(self) -> &'static str {
        match self {
            Pin::A => "A ■",
            Pin::B => "B □",
        }
    }
}

#[derive(Debug, Clone, Default)]
pub struct Cohorts {
    pub saved: Vec<Cohort>,
    pub a: Option<Cohort>,
    pub b: Option<Cohort>,
}

impl Cohorts {
    /// Saves a group under a name; a group of that name is replaced.
    pub fn save(&mut self, cohort: Cohort) {
        match self.saved.iter_mut().find(|other| other.name == cohort.name) {
            Some(other) => *other = cohort,
            None => self.saved.push(cohort),
        }
    }

    pub fn pin(&mut self, pin: Pin, cohort: Cohort) {
        match pin {
            Pin::A => self.a = Some(cohort),
            Pin::B => self.b = Some(cohort),
        }
    }

    pub fn forget(&mut self, name: &str) {
        self.saved.retain(|cohort| cohort.name != name);
    }

    pub fn find(&self, name: &str) -> Option<&Cohort> {
        self.saved.iter().find(|cohort| cohort.name == name)
    }

    /// Every group there is: pins first.
    pub fn all(&self) -> impl Iterator<Item = (Option<Pin>, &Cohort)> {
        let pins = [(Some(Pin::A), self.a.as_ref()), (Some(Pin::B), self.b.as_ref())];
        let pins = pins.into_iter().filter_map(|(pin, cohort)| Some((pin, cohort?)));
        pins.chain(self.saved.iter().map(|cohort| (None, cohort)))
    }

    /// What a part of a filter is called: the name of the group that it keeps or leaves out, else its words.
    pub fn chip(&self, among: &Among) -> String {
        let plain = Among { is_without: false, ..among.clone() };
        let named = self.all().find(|(_, cohort)| cohort.among == plain);
        let name = named.map_or_else(|| plain.to_string(), |(_, cohort)| cohort.name.clone());
        if among.is_without { format!("not in {name}") } else { format!("in {name}") }
    }
}

/// The scope with only those customers of it who are in a group too. Asking twice is asking once; asking for the opposite
/// replaces it.
pub fn narrowed(scope: &Scope, among: &Among) -> Scope {
    let mut scope = scope.clone();
    let opposite = among.clone().without();
    scope.among.retain(|other| other != among && *other != opposite);
    scope.among.push(among.clone());
    scope
}

/// The scope with only those of it who are behind a number of a question that is asked in this same scope.
pub fn narrowed_within(scope: &Scope, among: &Among) -> Scope {
    let mut among = among.clone();
    *among.spec.scope_mut() = scope.clone();
    narrowed(scope, &among)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cohort(name: &str, text: &str) -> Cohort {
        Cohort { name: name.into(), among: Among::expression(text), size: 3 }
    }

    #[test]
    fn a_group_is_known_by_its_name_wherever_it_filters() {
        let mut cohorts = Cohorts::default();
        cohorts.save(cohort("buyers", "did(buy)"));
        let buyers = Among::expression("did(buy)");
        assert_eq!(cohorts.chip(&buyers), "in buyers");
        assert_eq!(cohorts.chip(&buyers.clone().without()), "not in buyers");
        assert_eq!(cohorts.chip(&Among::expression("did(x)")), "in customers --customers 'did(x)'");
        cohorts.save(cohort("buyers", "did(pay)"));
        assert_eq!(cohorts.saved.len(), 1);
        cohorts.forget("buyers");
        assert!(cohorts.find("buyers").is_none());
    }

    #[test]
    fn a_filter_holds_a_group_once_and_never_with_its_opposite() {
        let buyers = Among::expression("did(buy)");
        let scope = narrowed(&narrowed(&Scope::default(), &buyers), &buyers);
        assert_eq!(scope.among, std::slice::from_ref(&buyers));
        assert_eq!(narrowed(&scope, &buyers.clone().without()).among, [buyers.without()]);
    }
}
