use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::*;
use crate::call_settings::CallRules;
use crate::directory::{DirectoryMailbox, Rights};
use crate::forwarding::ForwardingRules;
use crate::id::UserId;
use crate::outbound::Prefix;
use crate::phone_number::E164;

#[derive(Default)]
struct House {
    users: Vec<Arc<DirectoryUser>>,
    away: BTreeSet<UserId>,
    trunk: bool,
    rules: CallRules,
}

impl Lookup for House {
    fn extension(&self, account: AccountId, extension: &Extension) -> Option<Arc<DirectoryUser>> {
        let holds =
            |user: &&Arc<DirectoryUser>| user.account_id == account && user.extension.as_ref() == Some(extension);
        self.users.iter().find(holds).cloned()
    }

    fn number(&self, number: &str) -> Option<Arc<DirectoryUser>> {
        self.users.iter().find(|user| user.numbers.iter().any(|held| held.as_str() == number)).cloned()
    }

    fn account(&self, account: AccountId) -> Option<Arc<DirectoryAccount>> {
        Some(Arc::new(DirectoryAccount { rules: self.rules.clone(), ..DirectoryAccount::new(account, "acme.example") }))
    }

    fn registered(&self, user: &DirectoryUser) -> bool {
        !self.away.contains(&user.user_id)
    }

    fn has_trunk(&self, _: AccountId) -> bool {
        self.trunk
    }
}

fn user(n: u128) -> DirectoryUser {
    let account = AccountId(Uuid::from_u128(if n < 50 { 1 } else { 2 }));
    DirectoryUser {
        display_name: format!("User {n}"),
        extension: Extension::parse(&format!("2{n:02}")).ok(),
        numbers: E164::parse(&format!("+14805550{n:03}")).into_iter().collect(),
        voice: true,
        rights: Rights { external_calls: true, voicemail: true, ..Rights::default() },
        mailbox: DirectoryMailbox { enabled: true, ..DirectoryMailbox::default() },
        ..DirectoryUser::new(account, UserId(Uuid::from_u128(n)), "acme.example")
    }
}

fn forwards(n: u128, kind: ForwardingKind, to: &str) -> DirectoryUser {
    let to = Destination::parse(to).ok();
    match kind {
        ForwardingKind::Unreachable => DirectoryUser { unreachable: to, ..user(n) },
        kind => DirectoryUser { forwarding: ForwardingRules::default().with(kind, to), ..user(n) },
    }
}

/// User 1 calls.
fn house(users: impl IntoIterator<Item = DirectoryUser>) -> House {
    let users = [user(1)].into_iter().chain(users).map(Arc::new).collect();
    House { users, trunk: true, ..House::default() }
}

fn call(house: &House, dialled: &str) -> Route {
    route(house, &Caller::User(house.users[0].clone()), &Dialled::new(dialled))
}

fn rings(route: &Route) -> u128 {
    match &route.target {
        Target::Ring { user, .. } => user.user_id.0.as_u128(),
        other => panic!("{other:?}"),
    }
}

fn refusal(route: &Route) -> Refusal {
    match route.target {
        Target::Refused(refusal) => refusal,
        ref other => panic!("{other:?}"),
    }
}

#[test]
fn emergency_calls_go_out_without_any_license() {
    let caller = Arc::new(DirectoryUser { voice: false, ..user(1) });
    let house = House { users: vec![caller.clone()], ..House::default() };
    for code in ["911", "112", "933"] {
        let route = route(&house, &Caller::User(caller.clone()), &Dialled::new(code));
        assert_eq!(route.target, Target::Emergency(code));
    }
    assert_eq!(refusal(&call(&house, "202")), Refusal::CallerNotLicensed);
}

#[test]
fn extensions_and_numbers_of_the_account_ring() {
    let house = house([user(2)]);
    assert_eq!(rings(&call(&house, "202")), 2);
    assert_eq!(rings(&call(&house, "480 555 0002")), 2);
    assert_eq!(refusal(&call(&house, "209")), Refusal::NotInService);
}

#[test]
fn another_accounts_extensions_do_not_exist_and_its_numbers_ring() {
    let mut house = house([user(60)]);
    assert_eq!(refusal(&call(&house, "260")), Refusal::NotInService);
    assert_eq!(rings(&call(&house, "+14805550060")), 60);
    house.users[0] = Arc::new(DirectoryUser { rights: Rights::default(), ..user(1) });
    assert_eq!(refusal(&call(&house, "+14805550060")), Refusal::NoExternalCalls);
}

#[test]
fn rules_act_in_their_order_and_voicemail_comes_last() {
    let house =
        house([forwards(2, ForwardingKind::Always, "203"), forwards(3, ForwardingKind::NoAnswer, "204"), user(4)]);
    let route = call(&house, "202");
    assert_eq!(rings(&route), 3);
    assert_eq!(route.hops.len(), 1);
    let caller = Caller::User(house.users[0].clone());
    let after = next(&house, &caller, route.hops.clone(), &house.users[2], Ended::NoAnswer);
    assert_eq!(rings(&after), 4);
    let last = next(&house, &caller, after.hops, &house.users[3], Ended::NoAnswer);
    assert_eq!(last.target, Target::Voicemail(house.users[3].clone()));
    let busy = next(&house, &caller, route.hops, &house.users[2], Ended::Busy);
    assert_eq!(busy.target, Target::Voicemail(house.users[2].clone()), "the rule for no answer is not for busy");
}

#[test]
fn a_user_without_registered_device_is_unreachable() {
    let mut house = house([forwards(2, ForwardingKind::Unreachable, "203"), user(3)]);
    house.away.insert(house.users[1].user_id);
    assert_eq!(rings(&call(&house, "202")), 3);
    house.away.insert(house.users[2].user_id);
    assert_eq!(call(&house, "202").target, Target::Voicemail(house.users[2].clone()));
    let mailbox = DirectoryMailbox { enabled: false, ..DirectoryMailbox::default() };
    house.users[2] = Arc::new(DirectoryUser { mailbox, ..user(3) });
    assert_eq!(refusal(&call(&house, "202")), Refusal::Unreachable);
}

#[test]
fn circles_are_cut_and_the_phone_rings_where_the_circle_would_close() {
    let house = house([forwards(2, ForwardingKind::Always, "203"), forwards(3, ForwardingKind::Always, "202")]);
    let route = call(&house, "202");
    assert_eq!(rings(&route), 3);
    assert_eq!(route.hops[1].passed_over, Some(PassedOver::Circle));
    let back = house_with_back_to_caller();
    let route = call(&back, "202");
    assert_eq!((rings(&route), route.hops[0].passed_over), (2, Some(PassedOver::Caller)));
}

fn house_with_back_to_caller() -> House {
    house([forwards(2, ForwardingKind::Always, "201")])
}

#[test]
fn a_long_chain_has_an_end() {
    let chain = (2..20).map(|n| forwards(n, ForwardingKind::Always, &format!("2{:02}", n + 1)));
    let house = house(chain);
    let route = call(&house, "202");
    assert_eq!(rings(&route), 2 + HOPS_MAX as u128);
    assert_eq!(route.hops.last().unwrap().passed_over, Some(PassedOver::TooMany));
}

#[test]
fn forwarding_goes_by_the_rights_of_who_forwards() {
    let abroad = "+442079460000";
    let mut house = house([forwards(2, ForwardingKind::Always, abroad)]);
    let route = call(&house, "202");
    let barred = Refusal::Barred(Barred::Class(NumberClass::International));
    assert_eq!((rings(&route), route.hops[0].passed_over), (2, Some(PassedOver::Refused(barred))));
    house.rules.outbound.international = vec![Prefix::parse("+44").unwrap()];
    let Target::Outside { number, by, .. } = call(&house, "202").target else { panic!() };
    assert_eq!((number.as_str(), by.user_id), (abroad, house.users[1].user_id));
    house.users[1] =
        Arc::new(DirectoryUser { rights: Rights::default(), ..forwards(2, ForwardingKind::Always, abroad) });
    assert_eq!(rings(&call(&house, "202")), 2, "the caller's right to call out is not lent to the one who forwards");
}

#[test]
fn calls_out_of_the_house_need_right_rule_and_trunk() {
    let mut house = house([]);
    assert!(matches!(call(&house, "602 555 0199").target, Target::Outside { class: NumberClass::Domestic, .. }));
    assert_eq!(refusal(&call(&house, "011442079460000")).status(), 403);
    house.trunk = false;
    assert_eq!(refusal(&call(&house, "602 555 0199")), Refusal::NoTrunk);
}

#[test]
fn calls_from_outside_reach_numbers_only() {
    let house = house([user(2), DirectoryUser { rights: Rights::default(), ..user(3) }]);
    let from = |of: Option<u128>, dialled: &str| {
        let of = of.map(|n| AccountId(Uuid::from_u128(n)));
        route(&house, &Caller::Trunk(of), &Dialled::new(dialled))
    };
    assert_eq!(rings(&from(None, "+14805550002")), 2);
    assert_eq!(rings(&from(Some(1), "14805550002")), 2);
    assert_eq!(refusal(&from(Some(2), "14805550002")), Refusal::NotInService, "the trunk is another account's");
    assert_eq!(refusal(&from(None, "+14805550003")), Refusal::NotFromOutside);
    for dialled in ["202", "*97", "911", "*72203", "+16025550199"] {
        assert_eq!(refusal(&from(None, dialled)), Refusal::NotInService, "no call-through: {dialled}");
    }
}

#[test]
fn codes_are_answered_and_star_55_leads_to_the_mailbox() {
    let house = house([user(2)]);
    assert_eq!(call(&house, "*97").target, Target::Code(StarCode::Voicemail));
    assert_eq!(call(&house, "*55202").target, Target::Voicemail(house.users[1].clone()));
    assert_eq!(refusal(&call(&house, "*55209")), Refusal::NotInService);
    assert_eq!(refusal(&call(&house, "*5")).status(), 404);
    assert_eq!(refusal(&call(&house, "*72")).status(), 484);
}

#[test]
fn the_explanation_names_every_branch() {
    let house = house([forwards(2, ForwardingKind::NoAnswer, "203"), user(3)]);
    let told = explain(&house, &Caller::User(house.users[0].clone()), &Dialled::new("202"));
    assert_eq!(told.steps, ["The phones of User 2 (202) ring for 25 seconds."]);
    assert_eq!(told.then[0].when, "If nobody answers within 25 seconds");
    assert_eq!(
        told.then[0].steps,
        [
            "User 2 (202) forwards calls that are not answered to extension 203.",
            "The phones of User 3 (203) ring for 25 seconds."
        ]
    );
    assert_eq!(told.then[1].steps, ["Voicemail of User 2 (202) answers."]);
}

#[test]
fn no_house_makes_a_call_go_for_ever() {
    // Every pattern of always and no-answer rules between four users, with everybody's phone away or there.
    let targets = ["202", "203", "204", "205", ""];
    let destination = |at: usize| Destination::parse(targets[at]).ok();
    let mut ways = BTreeMap::<usize, usize>::new();
    for pattern in 0..5_usize.pow(4) {
        let users = (0..4_u128).map(|n| {
            let at = pattern / 5_usize.pow(u32::try_from(n).unwrap()) % 5;
            let forwarding =
                ForwardingRules { always: destination(at), no_answer: destination(4 - at), ..Default::default() };
            DirectoryUser { forwarding, unreachable: destination(at), ..user(n + 2) }
        });
        for away in [false, true] {
            let mut house = house(users.clone());
            if away {
                house.away.extend(house.users.iter().map(|user| user.user_id));
            }
            let caller = Caller::User(house.users[0].clone());
            let mut at = call(&house, "202");
            let mut rung = 0;
            while let Target::Ring { user, .. } = at.target.clone() {
                rung += 1;
                assert!(rung <= 5, "{pattern}");
                at = next(&house, &caller, at.hops, &user, Ended::NoAnswer);
            }
            assert!(matches!(at.target, Target::Voicemail(_)), "{pattern}: {:?}", at.target);
            *ways.entry(rung).or_default() += 1;
        }
    }
    assert!(ways.len() > 2);
}
