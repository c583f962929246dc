use std::io::{Cursor, Write as _};

use super::*;
use crate::domain::criteria::criteria_set::tests::guideline;
use crate::domain::criteria::spreadsheet::tests::any_content;
use proptest::prelude::*;

fn read(bytes: &[u8]) -> Result<(Format, Table), Error> {
    super::read(bytes, &Reading::default())
}

fn content(table: Table) -> CriteriaContent {
    let heading = table.heading;
    CriteriaContent {
        code: heading.code.unwrap(),
        title: heading.title.unwrap(),
        year: heading.year.unwrap(),
        legal_basis: heading.legal_basis,
        total_points: table.total_points,
        minimum_total: heading.minimum_total,
        not_applicable: heading.not_applicable,
        limits: table.limits,
        parts: table.parts,
    }
}

fn code(outcome: Result<(Format, Table), Error>) -> Code {
    outcome.unwrap_err().code
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn what_is_written_to_a_file_is_read_back(table in any_content()) {
        for format in [Format::Csv, Format::Xlsx] {
            let bytes = write(&table, format, Shape::Full).unwrap();
            let (detected, read) = read(&bytes).unwrap();
            prop_assert_eq!((detected, read.shape), (format, Shape::Full));
            prop_assert_eq!(content(read), table.clone());
        }
    }
}

#[test]
fn the_guideline_round_trips_in_every_shape_and_format() {
    for format in [Format::Csv, Format::Xlsx] {
        for shape in [Shape::Office, Shape::Full] {
            let bytes = write(&guideline(), format, shape).unwrap();
            let (detected, table) = read(&bytes).unwrap();
            assert_eq!((detected, table.shape), (format, shape));
            assert_eq!((table.parts, table.total_points), (guideline().parts, guideline().total_points));
            assert_eq!(write(&guideline(), format, shape).unwrap(), bytes, "the same table is the same file");
        }
    }
}

/// Texts of a file do not become formulas, and the escaping does not alter them.
#[test]
fn texts_that_look_like_formulas_stay_text() {
    let mut table = guideline();
    for (at, text) in ["=1+1", "+84", "-10 điểm", "@SUM(A1)", "'quoted'", "''=x"].into_iter().enumerate() {
        table.parts[0].children[at].title = text.into();
    }
    let csv = String::from_utf8(write(&table, Format::Csv, Shape::Full).unwrap()).unwrap();
    for kept in [",'=1+1,", ",'+84,", ",'-10 điểm,", ",'@SUM(A1),", ",''quoted',", ",'''=x,"] {
        assert!(csv.contains(kept), "{kept} in {csv}");
    }
    assert_eq!(content(read(csv.as_bytes()).unwrap().1), table);
    let xlsx = write(&table, Format::Xlsx, Shape::Full).unwrap();
    assert_eq!(content(read(&xlsx).unwrap().1), table);
    let mut sheet = String::new();
    let mut archive = zip::ZipArchive::new(Cursor::new(xlsx)).unwrap();
    std::io::Read::read_to_string(&mut archive.by_name("xl/worksheets/sheet1.xml").unwrap(), &mut sheet).unwrap();
    assert!(!sheet.contains("<f>"), "{sheet}");
}

/// Semicolons and decimal commas of a Vietnamese locale, tab-separated UTF-16 ("Unicode text"), multi-line cells, blank rows.
#[test]
fn text_is_read_as_spreadsheet_programs_write_it() {
    let semicolons = "STT;NỘI DUNG;ĐIỂM\r\nA;ĐIỂM CHUẨN;\"1.000\"\r\n\r\n1;\"Hai\r\ndòng\";999,5\r\n2;Ba;mười\r\n";
    let faults = read(semicolons.as_bytes()).unwrap_err().faults;
    assert_eq!((faults[0].params["row"].as_u64(), faults[0].params["column"].as_str()), (Some(5), Some("C")));
    let good = semicolons.replace("mười", "0,5");
    let table = read(good.as_bytes()).unwrap().1;
    assert_eq!(table.parts[0].children[0].max_points.unwrap().to_string(), "999.5");
    assert_eq!(table.parts[0].children[0].title, "Hai\ndòng");
    let tabs: Vec<u8> =
        [0xff, 0xfe].into_iter().chain(good.replace(';', "\t").encode_utf16().flat_map(u16::to_le_bytes)).collect();
    assert_eq!(read(&tabs).unwrap().1.parts, table.parts);
    let big: Vec<u8> = [0xfe, 0xff].into_iter().chain(good.encode_utf16().flat_map(u16::to_be_bytes)).collect();
    assert_eq!(read(&big).unwrap().1.parts, table.parts);
}

#[test]
fn files_other_than_spreadsheets_are_refused() {
    let not_utf8 = b"STT,N\xd4I DUNG,\xd0I\xd6M\n";
    for bytes in [&b"PK\x03\x04 no archive"[..], not_utf8, b"a\0b"] {
        assert_eq!(code(read(bytes)), Code::SpreadsheetUnreadable, "{bytes:?}");
    }
    assert_eq!(code(read(b"")), Code::HeadingNotFound);
    assert_eq!(code(read(b"a,b\n1,2\n")), Code::HeadingNotFound);
}

#[test]
fn too_many_rows_are_refused() {
    let rows = format!("STT,NỘI DUNG,ĐIỂM\nA,ĐIỂM CHUẨN,10\n{}", "1,Một,1\n".repeat(MAX_ROWS));
    assert_eq!(code(read(rows.as_bytes())), Code::SpreadsheetTooLarge);
}

/// A few kilobytes that unpack to 64 MiB, whatever size the archive declares.
#[test]
fn a_decompression_bomb_is_refused() {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    archive.start_file("xl/workbook.xml", options).unwrap();
    for _ in 0..64 {
        archive.write_all(&vec![b' '; 1024 * 1024]).unwrap();
    }
    let bytes = archive.finish().unwrap().into_inner();
    assert!(bytes.len() < 200_000, "{}", bytes.len());
    assert_eq!(code(read(&bytes)), Code::SpreadsheetTooLarge);
}

/// A distant cell does not allocate the cells between.
#[test]
fn a_distant_cell_does_not_allocate_those_between() {
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let sheet = workbook.add_worksheet();
    for (column, text) in (0_u16..).zip(["STT", "NỘI DUNG", "ĐIỂM"]) {
        sheet.write_string(0, column, text).unwrap();
    }
    for (row, number, text, points) in [(1, "A", "ĐIỂM CHUẨN", 10.0), (1_048_575, "1", "Một", 10.0)] {
        sheet.write_string(row, 0, number).unwrap();
        sheet.write_string(row, 1, text).unwrap();
        sheet.write_number(row, 2, points).unwrap();
    }
    sheet.write_string(2, 16_383, "far").unwrap();
    let table = read(&workbook.save_to_buffer().unwrap()).unwrap().1;
    assert_eq!(table.parts[0].children[0].title, "Một");
}

/// A long shared string counts once for each cell that refers to it.
#[test]
fn a_shared_string_is_counted_in_each_cell() {
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let sheet = workbook.add_worksheet();
    let text = "x".repeat(30_000);
    for row in 0..1_000 {
        sheet.write_string(row, 1, &text).unwrap();
    }
    let bytes = workbook.save_to_buffer().unwrap();
    assert!(bytes.len() < 100_000, "{}", bytes.len());
    assert_eq!(code(read(&bytes)), Code::SpreadsheetTooLarge);
}

/// A one-cell workbook, with replacements in the XML of its parts.
fn workbook(replacements: &[(&str, &str)]) -> Vec<u8> {
    let mut written = rust_xlsxwriter::Workbook::new();
    written.add_worksheet().write_string(0, 0, "STT").unwrap();
    let mut from = zip::ZipArchive::new(Cursor::new(written.save_to_buffer().unwrap())).unwrap();
    let mut into = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    for at in 0..from.len() {
        let mut entry = from.by_index(at).unwrap();
        let name = entry.name().unwrap().into_owned();
        let mut text = String::new();
        std::io::Read::read_to_string(&mut entry, &mut text).unwrap();
        for (old, new) in replacements {
            text = text.replace(old, new);
        }
        into.start_file(name, options).unwrap();
        into.write_all(text.as_bytes()).unwrap();
    }
    into.finish().unwrap().into_inner()
}

/// False counts neither exhaust memory nor crash the service.
#[test]
fn a_workbook_with_false_counts_is_refused() {
    assert_eq!(code(read(&workbook(&[]))), Code::HeadingNotFound);
    for (old, new) in [
        ("count=\"1\"", "count=\"4294967295\""),
        ("uniqueCount=\"1\"", "uniqueCount = '18446744073709551615'"),
        ("r=\"A1\"", "r=\"ZZZZZZZZZZZZZZ3\""),
        ("r=\"A1\"", "r=\"A99999999999999\""),
    ] {
        assert_eq!(code(read(&workbook(&[(old, new)]))), Code::SpreadsheetUnreadable, "{new}");
    }
}

/// Without its closing quote a text would swallow the following rows.
#[test]
fn an_unterminated_quote_is_refused() {
    let bytes = b"STT,N\xe1\xbb\x98I DUNG,\xc4\x90I\xe1\xbb\x82M\nA,x,10\n1,y,1\n2,\"z,5\n3,w,4\n";
    assert_eq!(code(read(bytes)), Code::SpreadsheetUnreadable);
}

/// The size of the error response is bounded, however many faults there are.
#[test]
fn the_number_and_length_of_faults_is_bounded() {
    let rows = format!("STT,NỘI DUNG,ĐIỂM\nA,ĐIỂM CHUẨN,10\n{}", format!("1,Một,{}\n", "x".repeat(500)).repeat(5_000));
    let error = read(rows.as_bytes()).unwrap_err();
    assert_eq!(error.faults.len(), 200);
    assert!(error.faults[0].params["got"].as_str().unwrap().chars().count() <= 101);
}

#[test]
fn a_table_nested_too_deep_is_refused_while_it_is_read() {
    let headings = "row,depth,code,title,max_points\n";
    let rows: Vec<String> = (1..10_000).map(|depth| format!("section,{depth},c{depth},t,10\n")).collect();
    let error = read(format!("{headings}part,0,A,A,100\n{}", rows.concat()).as_bytes()).unwrap_err();
    assert!(error.faults.iter().any(|fault| fault.code == Code::DepthInvalid), "{:?}", error.faults.first());
    let mark = |depth: usize| vec!["1"; depth].join(".");
    let rows: Vec<String> = (1..2_000).map(|depth| format!("{},t,1\n", mark(depth))).collect();
    assert_eq!(
        read(format!("STT,NỘI DUNG,ĐIỂM\nA,x,10\n{}", rows.concat()).as_bytes()).unwrap_err().faults[0].code,
        Code::RowNumberUnreadable
    );
}

/// Decomposed Unicode is normalised to composed form before parsing.
#[test]
fn decomposed_and_composed_texts_are_equal() {
    use unicode_normalization::UnicodeNormalization as _;
    let rows = "STT,NỘI DUNG,ĐIỂM\nA,ĐIỂM CHUẨN,10\n1,Không thực hiện không tính điểm,10\n,TỔNG ĐIỂM,10\n";
    let decomposed: String = rows.nfd().collect();
    assert_ne!(decomposed, rows);
    let (composed, decomposed) = (read(rows.as_bytes()).unwrap().1, read(decomposed.as_bytes()).unwrap().1);
    assert_eq!(decomposed, composed);
}
