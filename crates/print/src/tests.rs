//! Papers of made-up matter: that they are typeset, alike, and that no text is markup.

use serde_json::json;

use crate::{Block, Cell, Column, Fact, Holds, Item, Paper, Row, Section, Strip, pdf};

/// What would fail, load a file or draw if it were read as markup.
const HOSTILE: &str = "#panic(\"x\") #read(\"/etc/hostname\") #import \"@preview/x:1.0.0\" $x^2$ *a* _b_ @c <d> = e \\ `f` [g]\n- h // i";

fn paper(text: &str) -> Paper {
    let text = || text.to_owned();
    let strips = || vec![Strip { class: "v-kept", width: 400 }, Strip { class: "unheard-of", width: 600 }];
    let columns = [("名", Holds::Text), ("数", Holds::Figures), ("长", Holds::Long), ("图", Holds::Bars)];
    let row = || Row::new([text().into(), 12.into(), text().into(), Cell::Bar(strips())]);
    let columns = columns.map(|(title, holds)| Column::new(format!("{title}{}", text()), holds));
    Paper {
        title: format!("青禾实验小学{}", text()),
        subtitle: text(),
        lines: vec![text()],
        facts: vec![Fact { name: "节次", figure: text(), note: text() }],
        sections: vec![Section {
            title: text(),
            blocks: vec![
                Block::heading(text()),
                Block::text(text()),
                Block::note(text()),
                Block::Items { items: vec![Item { lead: text(), text: text(), note: text() }] },
                Block::Bar { strips: strips() },
                Block::table(text(), columns, [row(), Row { sum: true, ..row() }]),
            ],
        }],
        foot: vec![text(), text()],
        dated: "2026-11-23T09:05:00+08:00".parse().unwrap(),
    }
}

#[test]
fn the_same_paper_is_the_same_bytes_and_bears_its_date() {
    let first = pdf(&paper("劳动")).unwrap();

    assert!(first.starts_with(b"%PDF-"));
    assert_eq!(first, pdf(&paper("劳动")).unwrap());
    assert_ne!(first, pdf(&paper("音乐")).unwrap());
    let text = String::from_utf8_lossy(&first);
    assert!(text.contains("D:20261123090500+08'00"), "no date of the edition");
}

#[test]
fn a_text_is_never_markup() {
    let printed = pdf(&paper(HOSTILE)).unwrap();

    assert!(printed.starts_with(b"%PDF-"));
}

#[test]
fn papers_of_nothing_and_of_much_are_typeset() {
    let empty =
        Paper { sections: Vec::new(), facts: Vec::new(), lines: Vec::new(), foot: Vec::new(), ..paper("") };
    let many = Paper { sections: vec![paper("课").sections.remove(0); 40], ..paper("课") };

    for paper in [empty, paper(""), many] {
        assert!(pdf(&paper).unwrap().starts_with(b"%PDF-"));
    }
}

#[test]
fn texts_longer_than_a_page_are_typeset() {
    let lines = "行\n".repeat(200);

    for text in ["很长的一句话，没有停顿".repeat(100), "x".repeat(2_000), lines] {
        assert!(pdf(&paper(&text)).unwrap().starts_with(b"%PDF-"));
    }
}

#[test]
fn tables_of_many_columns_are_typeset() {
    let columns = (0..60).map(|n| Column::new(format!("EN{n:02} 列名很长的一列").repeat(5), Holds::Figures));
    let rows = (0..30).map(|n| Row::new((0..60).map(|_| Cell::from(n))));
    let section = Section { title: String::new(), blocks: vec![Block::table("多", columns, rows)] };

    assert!(pdf(&Paper { sections: vec![section], ..paper("课") }).unwrap().starts_with(b"%PDF-"));
}

#[test]
fn a_paper_reaches_the_layout_as_data() {
    let told = serde_json::to_value(paper(HOSTILE)).unwrap();

    assert_eq!(told["sections"][0]["blocks"][1], json!({"kind": "text", "text": HOSTILE}));
    assert_eq!(told["sections"][0]["blocks"][5]["rows"][1]["sum"], true);
    assert!(told.get("dated").is_none());
}
