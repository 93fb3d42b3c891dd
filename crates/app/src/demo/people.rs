//! Made-up colleagues: names by number, the same in every demo.

const FIRST: [&str; 50] = [
    "Ana", "Ben", "Chiara", "Dmitri", "Eve", "Farid", "Grace", "Hugo", "Ines", "Jonas", "Kemal", "Lucía", "Mateo",
    "Nadia", "Omar", "Priya", "Quentin", "Rosa", "Samir", "Tove", "Uma", "Viktor", "Wanda", "Ximena", "Yusuf", "Zoë",
    "Amara", "Bruno", "Celeste", "Diego", "Elif", "Fergus", "Giulia", "Hana", "Igor", "Jelena", "Kofi", "Leila",
    "Marek", "Noor", "Oskar", "Paula", "Rahul", "Saga", "Tomás", "Ursula", "Vera", "Wei", "Yara", "Zeno",
];

const LAST: [&str; 47] = [
    "Duarte",
    "Okafor",
    "Rossi",
    "Petrov",
    "Lindqvist",
    "Haddad",
    "Kim",
    "Martins",
    "Castro",
    "Weber",
    "Yılmaz",
    "Serrano",
    "Nguyen",
    "Larsen",
    "Farouk",
    "Sharma",
    "Dubois",
    "Jiménez",
    "Haidar",
    "Eriksson",
    "Patel",
    "Novak",
    "Kowalska",
    "Ortega",
    "Demir",
    "O'Brien",
    "Mensah",
    "Almeida",
    "Moreau",
    "Ruiz",
    "Aksoy",
    "MacLeod",
    "Bianchi",
    "Sato",
    "Volkov",
    "Jovanović",
    "Boateng",
    "Rahimi",
    "Zielinski",
    "Khan",
    "Berg",
    "Fischer",
    "Menon",
    "Holm",
    "Vega",
    "Keller",
    "Chen",
];

/// First and last name of the n-th colleague. 50 and 47 have no common divisor, so names repeat only after 2,350.
pub fn name(n: usize) -> (&'static str, &'static str) {
    (FIRST[n % FIRST.len()], LAST[n % LAST.len()])
}
