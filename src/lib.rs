//! `thidua`: yearly emulation scoring for Vietnamese public offices, from the criteria set to the award proposal.
//!
//! # Architecture
//!
//! A request passes through four layers, each of which calls only those below it:
//!
//! * `http` – authentication and request headers, JSON to command, result to response;
//! * `service` – one function and one transaction per operation: load, ask the domain, save, record;
//! * `store` – rows to values and back; the only layer that knows the tables and which database they are in;
//! * `domain` – the rules, as pure functions that every other layer may call.
//!
//! All layers share `error` (the error codes) and `clock` (the current time and new ids). `config`, `server`,
//! `background` and `cli` start the service and keep it running.
//!
//! # Glossary
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
mod private;
mod service;
mod store;
