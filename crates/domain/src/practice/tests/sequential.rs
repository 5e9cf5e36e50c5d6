//! The test alone: how seldom it cries wolf, and how soon it finds what it is made for. Exact: the probabilities of
//! all courses of visits are added up, nothing is drawn.

use proptest::prelude::*;

use crate::practice::dual::{Sequential, binomial_tail, flagged};

/// The probability of having been flagged at some time within `lessons`, where each is taught otherwise with `chance`
/// and the evidence is looked at after every one.
fn ever_flagged(test: Sequential, chance: f64, lessons: u32, pairs: u32, alpha: f64) -> f64 {
    // Probability of so many mismatches without having been flagged.
    let mut not_yet = vec![1.0];
    let mut gone = 0.0;
    for n in 1..=lessons {
        let mut next = vec![0.0; not_yet.len() + 1];
        for (k, probability) in not_yet.iter().enumerate() {
            next[k] += probability * (1.0 - chance);
            next[k + 1] += probability * chance;
        }
        for (k, probability) in next.iter_mut().enumerate() {
            let mismatches = u32::try_from(k).unwrap();
            if flagged(&[test.ln_evidence(mismatches, n)], pairs, alpha) > 0 {
                gone += *probability;
                *probability = 0.0;
            }
        }
        not_yet = next;
    }
    gone
}

#[test]
fn by_chance_swaps_a_class_is_hardly_ever_flagged_however_often_one_looks() {
    for p0 in [0.05, 0.1, 0.25] {
        let test = Sequential::new(p0, 0.5);

        assert!(ever_flagged(test, p0, 400, 1, 0.01) <= 0.01, "one pair alone, {p0}");
        assert!(300.0 * ever_flagged(test, p0, 400, 300, 0.01) <= 0.01, "any of 300 pairs, {p0}");
        assert!(ever_flagged(test, p0 / 2.0, 400, 1, 0.01) <= 0.01, "fewer swaps than supposed, {p0}");
    }
}

#[test]
fn a_class_with_sixty_of_a_hundred_taught_otherwise_is_flagged_within_25_visits() {
    let test = Sequential::new(0.05, 0.5);

    assert!(ever_flagged(test, 0.6, 25, 300, 0.01) > 0.98);
    assert!(ever_flagged(test, 0.6, 12, 300, 0.01) > 0.6);
    assert!(ever_flagged(test, 0.6, 3, 300, 0.01) < 1e-9, "three lessons are too few, whatever was seen");
}

#[test]
fn the_tail_is_the_exact_one() {
    let near = |value: f64, exact: f64| assert!((value - exact).abs() < 1e-12, "{value} {exact}");

    near(binomial_tail(0, 7, 0.3), 1.0);
    near(binomial_tail(2, 2, 0.05), 0.0025);
    near(binomial_tail(1, 3, 0.5), 0.875);
    near(binomial_tail(4, 5, 0.1), 5.0 * 0.9 * 1e-4 + 1e-5);
}

#[test]
fn several_pairs_help_one_another_as_the_procedure_says() {
    let ln = |value: f64| value.ln();

    assert_eq!(flagged(&[ln(9_000.0)], 100, 0.01), 0);
    assert_eq!(flagged(&[ln(10_000.0)], 100, 0.01), 1);
    // Two with each half of what one alone would need.
    assert_eq!(flagged(&[ln(6_000.0), ln(5_000.0)], 100, 0.01), 2);
    assert_eq!(flagged(&[ln(6_000.0), ln(4_999.0)], 100, 0.01), 0);
    assert_eq!(flagged(&[], 100, 0.01), 0);
}

/// A linear congruential generator (Knuth, MMIX): plain, and the same everywhere.
struct Draws(u64);

impl Draws {
    fn hits(&mut self, chance: f64) -> bool {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let share = f64::from(u32::try_from(self.0 >> 32).unwrap()) / f64::from(u32::MAX);
        share < chance
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn of_many_classes_under_chance_swaps_fewer_than_alpha_are_flagged(
        seed in any::<u64>(),
        lessons in 1..40_u32,
        p0 in 0.05..0.25_f64,
    ) {
        let (test, mut draws, pairs) = (Sequential::new(p0, 0.5), Draws(seed), 2000);
        let mut evidence: Vec<f64> = (0..pairs)
            .map(|_| {
                let mismatches = (0..lessons).filter(|_| draws.hits(p0)).count();
                test.ln_evidence(u32::try_from(mismatches).unwrap(), lessons)
            })
            .collect();
        evidence.sort_by(|a, b| b.total_cmp(a));

        let alone = evidence.iter().filter(|ln| flagged(&[**ln], 1, 0.01) > 0).count();
        prop_assert!(alone < 40, "{alone} of {pairs} pairs, each looked at alone");
        let together = flagged(&evidence, u32::try_from(pairs).unwrap(), 0.01);
        prop_assert!(together <= 1, "{together} of {pairs} pairs");
    }

    #[test]
    fn each_mismatch_speaks_for_and_each_lesson_as_posted_against(
        p0 in 0.01..0.4_f64,
        more in 0.06..0.5_f64,
        mismatches in 0..30_u32,
        lessons in 30..60_u32,
    ) {
        let test = Sequential::new(p0, p0 + more);

        prop_assert!(test.ln_evidence(mismatches + 1, lessons) > test.ln_evidence(mismatches, lessons));
        prop_assert!(test.ln_evidence(mismatches, lessons + 1) < test.ln_evidence(mismatches, lessons));
    }
}
