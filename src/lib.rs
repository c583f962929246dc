//! `thidua`: yearly emulation scoring for Vietnamese public offices, from the table of criteria to the award proposal.
//!
//! # The map of the house
//!
//! A request walks through four rooms and back by the same doors:
//!
//! * `http` – the gate (who are you, what do you demand) and the desks (JSON to command, result to view);
//! * `service` – one act, one function, one transaction: load, ask the domain, save, record;
//! * `store` – rows to values and back; the only place that knows tables, and which of two databases they are in;
//! * `domain` – the rules, asked from everywhere, reaching nowhere.
//!
//! `error` and `clock` are the ground: codes, now, new ids. `config`, `server`, `background` and `main` carry the keys.
//!
//! # The words
//!
//! thi đua emulation · khen thưởng commendation · đơn vị unit · bảng tiêu chí criteria set · tiêu chí criterion ·
//! điểm chuẩn base points · điểm thưởng bonus points · tự chấm điểm self-assessment · thẩm định appraisal ·
//! phòng thường trực standing body · hội đồng council · thông báo kết quả result notice · xếp hạng ranking ·
//! Cờ thi đua emulation flag · Bằng khen certificate of merit · hồ sơ dossier · tờ trình proposal letter ·
//! báo cáo thành tích achievement report · đề nghị khen thưởng award proposal · xếp loại chi bộ Party-cell rating ·
//! kỷ luật discipline · ngày làm việc working day · ngày nghỉ bù substitute day off · hoán đổi swapped day

pub mod background;
pub mod cli;
pub mod config;
pub mod server;

pub mod clock;
mod domain;
mod error;
mod http;
mod service;
mod store;
