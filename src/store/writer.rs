//! The one writer of the embedded database: what comes while it writes is committed together.
//!
//! A commit that survives a power cut waits for the disk, whatever it holds. Acts that wait for their turn
//! meanwhile share the next one: each in its own savepoint, so that a refused act undoes itself alone,
//! and none is answered before the commit that holds it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::Instant;

use diesel::connection::SimpleConnection;
use tokio::sync::{mpsc, oneshot};

use super::{ACQUIRE_TIMEOUT, Conn};
use crate::error::{Code, Error};

/// How many acts one commit holds at most, and as many may wait.
const BATCH: usize = 64;

/// The way to the writer's thread. The thread ends with the last of these.
#[derive(Clone)]
pub struct Writer(mpsc::Sender<Box<dyn Job>>);

/// Work for the writer.
trait Job: Send {
    /// Does the work; whether it succeeded.
    fn run(&mut self, conn: &mut Conn) -> bool;
    /// Answers whoever waits: with the work's own result if that was kept.
    fn answer(self: Box<Self>, kept: Result<(), Error>);
}

struct Act<T, F> {
    work: F,
    asked_at: Instant,
    result: Result<T, Error>,
    reply: oneshot::Sender<Result<T, Error>>,
}

impl<T: Send, F: FnMut(&mut Conn) -> Result<T, Error> + Send> Job for Act<T, F> {
    fn run(&mut self, conn: &mut Conn) -> bool {
        // Nobody waits any more, or has waited for too long: they were told to come back.
        if self.reply.is_closed() || self.asked_at.elapsed() > ACQUIRE_TIMEOUT {
            return false;
        }
        let done = catch_unwind(AssertUnwindSafe(|| (self.work)(conn)));
        self.result = done.unwrap_or_else(|_| Err(Error::internal("an act panicked")));
        self.result.is_ok()
    }

    fn answer(self: Box<Self>, kept: Result<(), Error>) {
        // Whoever asked may have gone.
        let _ = self.reply.send(kept.and(self.result));
    }
}

impl Writer {
    /// Starts the writer's thread.
    ///
    /// # Errors
    /// When there is no thread to be had.
    pub fn start(mut conn: Conn) -> Result<Self, Error> {
        let (sender, mut queue) = mpsc::channel::<Box<dyn Job>>(BATCH);
        let serve = move || {
            let mut jobs = Vec::with_capacity(BATCH);
            while queue.blocking_recv_many(&mut jobs, BATCH) > 0 {
                let kept = commit_together(&mut conn, &mut jobs);
                jobs.drain(..).for_each(|job| job.answer(kept.clone()));
            }
        };
        thread::Builder::new().name("writer".to_owned()).spawn(serve).map_err(Error::internal)?;
        Ok(Writer(sender))
    }

    /// Runs `work` in its turn, and answers once its effect is on disk.
    ///
    /// # Errors
    /// Those of `work`; `busy` where its turn did not come in time.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut Conn) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (reply, answer) = oneshot::channel();
        let act = Act { work, asked_at: Instant::now(), result: Err(Error::new(Code::Busy)), reply };
        self.0.send_timeout(Box::new(act), ACQUIRE_TIMEOUT).await.map_err(|_| Error::new(Code::Busy))?;
        answer.await.map_err(Error::internal)?
    }
}

/// Runs each job in its own savepoint and commits what succeeded. On an error none of it was kept.
fn commit_together(conn: &mut Conn, jobs: &mut [Box<dyn Job>]) -> Result<(), Error> {
    let done = conn.batch_execute("BEGIN IMMEDIATE").map_err(Error::from).and_then(|()| {
        for job in jobs {
            conn.batch_execute("SAVEPOINT act")?;
            let succeeded = job.run(conn);
            conn.batch_execute(if succeeded { "RELEASE act" } else { "ROLLBACK TO act; RELEASE act" })?;
        }
        Ok(conn.batch_execute("COMMIT")?)
    });
    done.inspect_err(|error| {
        log::error!(error:% = error; "nothing of what was to be written together was kept");
        // Refused where the database has already given the transaction up by itself.
        let _ = conn.batch_execute("ROLLBACK");
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use diesel::prelude::*;

    diesel::table! {
        acts (n) {
            n -> Integer,
        }
    }

    type Answer = oneshot::Receiver<Result<i32, Error>>;

    fn database() -> Conn {
        let mut conn = SqliteConnection::establish(":memory:").unwrap();
        conn.batch_execute("CREATE TABLE acts (n INTEGER PRIMARY KEY NOT NULL)").unwrap();
        Conn::Sqlite(conn)
    }

    fn act(
        work: impl FnMut(&mut Conn) -> Result<i32, Error> + Send + 'static,
        asked_at: Instant,
    ) -> (Box<dyn Job>, Answer) {
        let (reply, answer) = oneshot::channel();
        (Box::new(Act { work, asked_at, result: Err(Error::new(Code::Busy)), reply }), answer)
    }

    fn insert(conn: &mut Conn, n: i32) -> Result<i32, Error> {
        diesel::insert_into(acts::table).values(acts::n.eq(n)).execute(conn)?;
        Ok(n)
    }

    /// Writes `n`, then ends as `end` says.
    fn writing(n: i32, end: fn(&mut Conn) -> Result<(), Error>) -> (Box<dyn Job>, Answer) {
        let work = move |conn: &mut Conn| {
            insert(conn, n)?;
            end(conn).map(|()| n)
        };
        act(work, Instant::now())
    }

    /// The answers' codes, 200 for a success, and what stands in the table.
    fn play(conn: &mut Conn, acts: Vec<(Box<dyn Job>, Answer)>) -> (Vec<Result<i32, Code>>, i64) {
        let (mut jobs, answers): (Vec<_>, Vec<_>) = acts.into_iter().unzip();
        let kept = commit_together(conn, &mut jobs);
        for job in jobs {
            job.answer(kept.clone());
        }
        let result = |mut answer: Answer| answer.try_recv().unwrap().map_err(|error| error.code);
        (answers.into_iter().map(result).collect(), acts::table.count().get_result(conn).unwrap())
    }

    #[test]
    fn a_refused_act_and_one_that_panics_undo_themselves_alone() {
        let (answers, count) = play(
            &mut database(),
            vec![
                writing(1, |_| Ok(())),
                writing(2, |_| Err(Error::new(Code::NotFound))),
                writing(3, |_| panic!("on purpose")),
                writing(1, |_| Ok(())),
                writing(4, |_| Ok(())),
            ],
        );
        assert_eq!(answers, [Ok(1), Err(Code::NotFound), Err(Code::Internal), Err(Code::Internal), Ok(4)]);
        assert_eq!(count, 2);
    }

    #[test]
    fn where_the_commit_fails_nobody_is_told_of_success() {
        let give_up = |conn: &mut Conn| conn.batch_execute("ROLLBACK").map_err(Error::from);
        let mut conn = database();
        let (answers, count) =
            play(&mut conn, vec![writing(1, |_| Ok(())), writing(2, give_up), writing(3, |_| Ok(()))]);
        assert!(answers.iter().all(Result::is_err), "{answers:?}");
        assert_eq!(count, 0);
        let (answers, count) = play(&mut conn, vec![writing(1, |_| Ok(()))]);
        assert_eq!((answers, count), (vec![Ok(1)], 1));
    }

    #[test]
    fn who_has_gone_or_waited_too_long_is_not_served() {
        let late = Instant::now().checked_sub(ACQUIRE_TIMEOUT * 2).unwrap();
        let (gone, answer) = act(|conn| insert(conn, 1), Instant::now());
        drop(answer);
        let mut conn = database();
        let mut jobs = vec![gone];
        commit_together(&mut conn, &mut jobs).unwrap();
        let (answers, count) = play(&mut conn, vec![act(|conn| insert(conn, 2), late)]);
        assert_eq!((answers, count), (vec![Err(Code::Busy)], 0));
    }

    #[test]
    fn the_thread_answers_many_at_once() {
        let writer = Writer::start(database()).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let results = runtime.block_on(async {
            futures_util::future::join_all((0..200).map(|n| writer.run(move |conn| insert(conn, n)))).await
        });
        assert_eq!(results.into_iter().map(Result::unwrap).collect::<Vec<_>>(), (0..200).collect::<Vec<_>>());
    }
}
