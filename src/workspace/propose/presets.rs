//! Lists of stages that a map can begin with, and which parts of a journey each stage takes in.

use super::words::Phase;

pub struct Preset {
    pub name: &'static str,
    /// By the first letters of its stages, as textbooks write it.
    pub short: &'static str,
    pub doc: &'static str,
    /// In the order of the journey.
    pub stages: &'static [PresetStage],
}

pub struct PresetStage {
    pub id: &'static str,
    pub en: &'static str,
    pub zh: &'static str,
    pub goal_en: &'static str,
    pub goal_zh: &'static str,
    pub phases: &'static [Phase],
}

const AWARE: PresetStage = PresetStage {
    id: "aware",
    en: "Aware",
    zh: "意识",
    goal_en: "Hear of us",
    goal_zh: "知道我们",
    phases: &[Phase::Aware],
};

const CONSIDER: PresetStage = PresetStage {
    id: "consider",
    en: "Consider",
    zh: "考虑",
    goal_en: "Find what fits",
    goal_zh: "找到合适的",
    phases: &[Phase::Consider],
};

const PURCHASE: PresetStage = PresetStage {
    id: "purchase",
    en: "Purchase",
    zh: "购买",
    goal_en: "Get it without trouble",
    goal_zh: "顺利买到",
    phases: &[Phase::Decide, Phase::Purchase],
};

const USE: PresetStage = PresetStage {
    id: "use",
    en: "Use",
    zh: "使用",
    goal_en: "It comes in time and works",
    goal_zh: "准时收到,可用",
    phases: &[Phase::Use],
};

const LOYAL: PresetStage = PresetStage {
    id: "loyal",
    en: "Loyal",
    zh: "忠诚",
    goal_en: "Come back, recommend",
    goal_zh: "再来,推荐",
    phases: &[Phase::Loyal, Phase::Advocate],
};

pub static PRESETS: &[Preset] = &[
    Preset {
        name: "loyalty",
        short: "acpul",
        doc: "awareness, consideration, purchase, use, loyalty",
        stages: &[AWARE, CONSIDER, PURCHASE, USE, LOYAL],
    },
    Preset {
        name: "decision",
        short: "acdpul",
        doc: "awareness, consideration, decision, purchase, use, loyalty",
        stages: &[
            AWARE,
            CONSIDER,
            PresetStage {
                id: "decide",
                en: "Decide",
                zh: "决定",
                goal_en: "Be sure that it is the right one",
                goal_zh: "确定选对了",
                phases: &[Phase::Decide],
            },
            PresetStage { phases: &[Phase::Purchase], ..PURCHASE },
            USE,
            LOYAL,
        ],
    },
    Preset {
        name: "advocacy",
        short: "acpra",
        doc: "awareness, consideration, purchase, retention, advocacy",
        stages: &[
            AWARE,
            CONSIDER,
            PURCHASE,
            PresetStage {
                id: "retain",
                en: "Retain",
                zh: "留存",
                goal_en: "It works, and stays worth it",
                goal_zh: "好用,值得继续用",
                phases: &[Phase::Use, Phase::Loyal],
            },
            PresetStage {
                id: "advocate",
                en: "Advocate",
                zh: "拥护",
                goal_en: "Tell others",
                goal_zh: "告诉别人",
                phases: &[Phase::Advocate],
            },
        ],
    },
];

/// The preset of this name, long or short.
pub fn find(name: &str) -> Option<&'static Preset> {
    PRESETS.iter().find(|preset| preset.name == name || preset.short == name)
}

impl Preset {
    /// The stage that takes in a part of a journey.
    pub fn stage_of(&self, phase: Phase) -> usize {
        self.stages.iter().position(|stage| stage.phases.contains(&phase)).expect("a preset takes in the whole journey")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_takes_in_every_phase_once_and_in_order() {
        use Phase::{Advocate, Aware, Consider, Decide, Loyal, Purchase, Use};
        for preset in PRESETS {
            let phases: Vec<Phase> = preset.stages.iter().flat_map(|stage| stage.phases).copied().collect();
            assert_eq!(phases, [Aware, Consider, Decide, Purchase, Use, Loyal, Advocate], "{}", preset.name);
            assert_eq!(find(preset.short).map(|found| found.name), Some(preset.name));
        }
        assert!(find("x").is_none());
    }
}
