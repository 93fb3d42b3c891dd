//! Two endpoints in bad weather: a phone registers with a password, calls, talks or gives up, and hangs up, over a network in
//! virtual time. Whatever gets lost, each transaction ends once, the user hears everything once, and nothing is left.

#![expect(clippy::unwrap_used, reason = "a test fails loudly")]

mod callee;
mod caller;
mod world;

use std::time::Duration;

use callee::Callee;
use caller::{Caller, Outcome};
use lineside_sip::testing::{Dice, Weather};
use lineside_sip::{Method, Transport};
use world::World;

const CALM: Weather = Weather { loss: 0, twice: 0, delay: (Duration::from_millis(5), Duration::from_millis(20)) };
const RAIN: Weather = Weather { loss: 10, twice: 5, delay: (Duration::from_millis(5), Duration::from_millis(200)) };
const STORM: Weather = Weather { loss: 30, twice: 20, delay: (Duration::from_millis(5), Duration::from_millis(900)) };

/// Longer than a call with everything that can go wrong in it.
const LONG: Duration = Duration::from_mins(5);

struct Run {
    phone: Caller,
    desk: Callee,
}

fn run(seed: u64, weather: Weather, transport: Transport, gives_up: bool) -> Run {
    let mut dice = Dice::new(seed ^ 0x5150);
    let seconds = |from, to| (Duration::from_millis(from), Duration::from_millis(to));
    let gives_up_after = gives_up.then(|| dice.between(seconds(0, 4000)));
    let answers_after = dice.between(seconds(0, 4000));
    let mut world = World::new(seed, weather);
    let mut phone = Caller::new(world.now(), seed, transport, gives_up_after);
    let mut desk = Callee::new(seed, answers_after);
    world.run(&mut [&mut phone, &mut desk], LONG);
    check(seed, &phone, &desk);
    Run { phone, desk }
}

/// What must hold in any weather.
fn check(seed: u64, phone: &Caller, desk: &Callee) {
    assert_eq!(phone.endpoint.transactions(), 0, "seed {seed}: the phone keeps nothing");
    assert_eq!(desk.endpoint.transactions(), 0, "seed {seed}: the desk keeps nothing");
    assert_eq!((phone.endpoint.next_timeout(), desk.endpoint.next_timeout()), (None, None), "seed {seed}");
    for (key, (method, outcomes)) in &phone.outcomes {
        let finals = outcomes.iter().filter(|outcome| **outcome != Outcome::Repeated2xx).count();
        assert_eq!(finals, 1, "seed {seed}: {method} {key:?} ended {outcomes:?}");
    }
    for (call_id_and_cseq, times) in &desk.heard {
        assert_eq!(*times, 1, "seed {seed}: heard {call_id_and_cseq:?} more than once");
    }
    assert!(desk.cancelled <= 1, "seed {seed}: told of CANCEL once");
    assert_eq!(phone.strays, 0, "seed {seed}");
}

fn outcomes(run: &Run, method: Method) -> Vec<Outcome> {
    let of_method = run.phone.outcomes.values().filter(|(found, _)| *found == method);
    of_method.filter_map(|(_, outcomes)| outcomes.first().copied()).collect()
}

#[test]
fn calls_in_calm_weather_all_succeed() {
    for transport in [Transport::Udp, Transport::Tcp, Transport::Ws] {
        for seed in 0..100 {
            let run = run(seed, CALM, transport, false);
            assert_eq!(outcomes(&run, Method::Register), [Outcome::Final(401), Outcome::Final(200)], "seed {seed}");
            assert_eq!(outcomes(&run, Method::Invite), [Outcome::Final(200)], "seed {seed}");
            assert_eq!(outcomes(&run, Method::Bye), [Outcome::Final(200)], "seed {seed}");
            assert_eq!((run.desk.acked, run.desk.given_up, run.desk.hung_up), (1, 0, 1), "seed {seed}");
        }
    }
}

#[test]
fn calls_given_up_in_calm_weather_end_with_487_or_were_answered_first() {
    let mut cancelled = 0;
    for transport in [Transport::Udp, Transport::Tcp] {
        for seed in 0..200 {
            let run = run(seed, CALM, transport, true);
            match outcomes(&run, Method::Invite)[..] {
                [Outcome::Final(487)] => {
                    cancelled += 1;
                    assert_eq!((run.desk.cancelled, run.desk.acked), (1, 0), "seed {seed}");
                }
                [Outcome::Final(200)] => {
                    assert_eq!((run.desk.acked, run.desk.hung_up), (1, 1), "seed {seed}: answered, so hung up");
                }
                ref other => panic!("seed {seed}: {other:?}"),
            }
        }
    }
    assert!((100..300).contains(&cancelled), "both happen: {cancelled}");
}

#[test]
fn calls_in_the_rain_nearly_all_succeed() {
    let runs = 600;
    let good = (0..runs).filter(|seed| {
        let run = run(*seed, RAIN, Transport::Udp, false);
        outcomes(&run, Method::Bye) == [Outcome::Final(200)] && run.desk.acked == 1
    });
    let good = good.count();
    assert!(good >= 598, "{good} of {runs}");
}

#[test]
fn calls_in_the_storm_end_cleanly() {
    let runs = 800;
    let good = (0..runs).filter(|seed| {
        let run = run(*seed, STORM, Transport::Udp, seed % 2 == 0);
        matches!(outcomes(&run, Method::Invite)[..], [Outcome::Final(200 | 487)])
    });
    let good = good.count();
    assert!(good >= 760, "{good} of {runs}");
}

#[test]
fn streams_in_slow_weather_lose_nothing() {
    for seed in 0..200 {
        let run = run(seed, STORM, Transport::Tcp, false);
        assert_eq!(outcomes(&run, Method::Bye), [Outcome::Final(200)], "seed {seed}");
    }
}
