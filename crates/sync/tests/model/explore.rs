//! Every world that can be reached, breadth first, each once.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::properties::{self, Broken};
use super::world::{Scenario, Stage, Step, World};

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub(crate) worlds: usize,
    pub(crate) steps: usize,
    pub(crate) depth: usize,
    /// Whether there was nothing left to explore.
    pub(crate) complete: bool,
    /// How each property was broken first: the shortest way there.
    pub(crate) broken: BTreeMap<Broken, Vec<Step>>,
}

impl Findings {
    /// The way to each broken property, for people.
    pub(crate) fn ways(&self) -> String {
        let ways: Vec<String> =
            self.broken.iter().map(|(broken, way)| format!("{broken:?}: {way:?}")).collect();
        ways.join("\n")
    }
}

/// Explores until nothing is left, or `enough` worlds were seen, or `sought` is broken.
pub(crate) fn explore(scenario: Scenario, enough: usize, sought: Option<Broken>) -> Findings {
    let mut stage = Stage::new(scenario);
    let first = stage.first();
    // Each world with the one it came from and the step between.
    let mut worlds: Vec<(World, u32, Step)> = vec![(first, 0, Step::BackUp)];
    let mut known: HashSet<World> = HashSet::from([first]);
    let mut depths: Vec<usize> = vec![1];
    let mut judged: HashMap<(u32, [u32; 2]), Option<Broken>> = HashMap::new();
    let mut rested: HashMap<World, Option<Broken>> = HashMap::new();
    let mut findings = Findings::default();
    let mut index = 0;
    while let Some((world, _, _)) = worlds.get(index).copied() {
        if findings.depth < depths.len() && depths.get(findings.depth).is_some_and(|begins| index >= *begins)
        {
            findings.depth += 1;
        }
        let broken = *judged.entry((world.server, world.phones)).or_insert_with(|| {
            let phones = world.phones.map(|phone| stage.phone(phone));
            properties::of_server(&stage.server(world.server), [&phones[0], &phones[1]])
        });
        let still = world.without_future();
        let at_rest = if let Some(known) = rested.get(&still) {
            *known
        } else {
            let found = properties::at_rest(&mut stage, &still);
            rested.insert(still, found);
            found
        };
        for broken in broken.into_iter().chain(at_rest) {
            findings.broken.entry(broken).or_insert_with(|| way(&worlds, index));
        }
        if worlds.len() >= enough || sought.is_some_and(|sought| findings.broken.contains_key(&sought)) {
            findings.worlds = worlds.len();
            return findings;
        }
        for step in stage.steps(&world) {
            let Some(next) = stage.after(&world, step) else { continue };
            findings.steps += 1;
            if known.insert(next) {
                worlds.push((next, u32::try_from(index).expect("fewer worlds than numbers"), step));
            }
        }
        index += 1;
        if depths.last() == Some(&index) && worlds.len() > index {
            depths.push(worlds.len());
        }
    }
    Findings { worlds: worlds.len(), complete: true, ..findings }
}

/// What is broken at the end of one way, once everything has come to rest.
pub(crate) fn follow(scenario: Scenario, way: &[Step]) -> Option<Broken> {
    let mut stage = Stage::new(scenario);
    let mut world = stage.first();
    for step in way {
        assert!(stage.steps(&world).contains(step), "{step:?} cannot be taken");
        world = stage.after(&world, *step).expect("something comes of it");
    }
    properties::at_rest(&mut stage, &world)
}

fn way(worlds: &[(World, u32, Step)], mut index: usize) -> Vec<Step> {
    let mut way = Vec::new();
    while index > 0
        && let Some((_, from, step)) = worlds.get(index)
    {
        way.push(*step);
        index = *from as usize;
    }
    way.reverse();
    way
}
