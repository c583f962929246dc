//! The writer thread of the embedded database, which commits waiting transactions in groups.
//!
//! A durable commit waits for the disk, however much it holds. Writes that arrive during that wait share the next
//! commit. Each runs in its own savepoint, so that one that fails is rolled back without the others, and each is
//! answered only after the commit that contains it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::Instant;

use diesel::connection::SimpleConnection;
use tokio::sync::{mpsc, oneshot};

use super::{ACQUIRE_TIMEOUT, Conn};
use crate::error::{Code, Error};

/// The largest number of writes in one commit, and the length of the queue.
const MAX_BATCH: usize = 64;

/// A handle to the writer thread, which ends when the last handle is dropped.
#[derive(Clone)]
pub struct Writer(mpsc::Sender<Box<dyn Job>>);

/// A write in the queue, whatever the type of its result.
trait Job: Send {
    /// Runs the write. Returns whether it succeeded.
    fn run(&mut self, conn: &mut Conn) -> bool;
    /// Sends the result of the write, or the error of the commit, to the waiting caller.
    fn answer(self: Box<Self>, committed: Result<(), Error>);
}

struct QueuedWrite<T, F> {
    work: F,
    queued_at: Instant,
    result: Result<T, Error>,
    reply: oneshot::Sender<Result<T, Error>>,
}

impl<T: Send, F: FnMut(&mut Conn) -> Result<T, Error> + Send> Job for QueuedWrite<T, F> {
    fn run(&mut self, conn: &mut Conn) -> bool {
        // The caller has gone or has already received `busy`.
        if self.reply.is_closed() || self.queued_at.elapsed() > ACQUIRE_TIMEOUT {
            return false;
        }
        let done = catch_unwind(AssertUnwindSafe(|| (self.work)(conn)));
        self.result = done.unwrap_or_else(|_| Err(Error::internal("a write panicked")));
        self.result.is_ok()
    }

    fn answer(self: Box<Self>, committed: Result<(), Error>) {
        // The caller may have gone.
        let _ = self.reply.send(committed.and(self.result));
    }
}

impl Writer {
    /// Starts the writer thread.
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub fn start(mut conn: Conn) -> Result<Self, Error> {
        let (sender, mut queue) = mpsc::channel::<Box<dyn Job>>(MAX_BATCH);
        let serve = move || {
            let mut jobs = Vec::with_capacity(MAX_BATCH);
            while queue.blocking_recv_many(&mut jobs, MAX_BATCH) > 0 {
                let committed = commit_batch(&mut conn, &mut jobs);
                jobs.drain(..).for_each(|job| job.answer(committed.clone()));
            }
        };
        thread::Builder::new().name("writer".to_owned()).spawn(serve).map_err(Error::internal)?;
        Ok(Writer(sender))
    }

    /// Queues `work` and returns its result once the commit is on disk.
    ///
    /// # Errors
    /// Those of `work`; `busy` where it could not start in time.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut Conn) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (reply, answer) = oneshot::channel();
        let queued_write = QueuedWrite { work, queued_at: Instant::now(), result: Err(Error::new(Code::Busy)), reply };
        self.0.send_timeout(Box::new(queued_write), ACQUIRE_TIMEOUT).await.map_err(|_| Error::new(Code::Busy))?;
        answer.await.map_err(Error::internal)?
    }
}

/// Runs each job in its own savepoint and commits those that succeeded. On an error nothing was committed.
fn commit_batch(conn: &mut Conn, jobs: &mut [Box<dyn Job>]) -> Result<(), Error> {
    let done = conn.batch_execute("BEGIN IMMEDIATE").map_err(Error::from).and_then(|()| {
        for job in jobs {
            conn.batch_execute("SAVEPOINT job")?;
            let succeeded = job.run(conn);
            conn.batch_execute(if succeeded { "RELEASE job" } else { "ROLLBACK TO job; RELEASE job" })?;
        }
        Ok(conn.batch_execute("COMMIT")?)
    });
    done.inspect_err(|error| {
        log::error!(error:% = error; "a batch of writes could not be committed");
        // Fails where the database has already rolled the transaction back.
        let _ = conn.batch_execute("ROLLBACK");
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use diesel::prelude::*;

    diesel::table! {
        writes (n) {
            n -> Integer,
        }
    }

    type Answer = oneshot::Receiver<Result<i32, Error>>;

    fn database() -> Conn {
        let mut conn = SqliteConnection::establish(":memory:").unwrap();
        conn.batch_execute("CREATE TABLE writes (n INTEGER PRIMARY KEY NOT NULL)").unwrap();
        Conn::Sqlite(conn)
    }

    fn queued_write(
        work: impl FnMut(&mut Conn) -> Result<i32, Error> + Send + 'static,
        queued_at: Instant,
    ) -> (Box<dyn Job>, Answer) {
        let (reply, answer) = oneshot::channel();
        (Box::new(QueuedWrite { work, queued_at, result: Err(Error::new(Code::Busy)), reply }), answer)
    }

    fn insert(conn: &mut Conn, n: i32) -> Result<i32, Error> {
        diesel::insert_into(writes::table).values(writes::n.eq(n)).execute(conn)?;
        Ok(n)
    }

    /// A write of `n` that then runs `end`.
    fn insert_then(n: i32, end: fn(&mut Conn) -> Result<(), Error>) -> (Box<dyn Job>, Answer) {
        let work = move |conn: &mut Conn| {
            insert(conn, n)?;
            end(conn).map(|()| n)
        };
        queued_write(work, Instant::now())
    }

    /// Runs the writes as one batch. Returns their results and the number of rows in the table.
    fn run_batch(conn: &mut Conn, writes: Vec<(Box<dyn Job>, Answer)>) -> (Vec<Result<i32, Code>>, i64) {
        let (mut jobs, answers): (Vec<_>, Vec<_>) = writes.into_iter().unzip();
        let committed = commit_batch(conn, &mut jobs);
        for job in jobs {
            job.answer(committed.clone());
        }
        let result = |mut answer: Answer| answer.try_recv().unwrap().map_err(|error| error.code);
        (answers.into_iter().map(result).collect(), writes::table.count().get_result(conn).unwrap())
    }

    #[test]
    fn a_write_that_fails_or_panics_is_rolled_back_without_the_others() {
        let (answers, count) = run_batch(
            &mut database(),
            vec![
                insert_then(1, |_| Ok(())),
                insert_then(2, |_| Err(Error::new(Code::NotFound))),
                insert_then(3, |_| panic!("on purpose")),
                insert_then(1, |_| Ok(())),
                insert_then(4, |_| Ok(())),
            ],
        );
        assert_eq!(answers, [Ok(1), Err(Code::NotFound), Err(Code::Internal), Err(Code::Internal), Ok(4)]);
        assert_eq!(count, 2);
    }

    #[test]
    fn a_failed_commit_fails_every_write_of_the_batch() {
        let roll_back = |conn: &mut Conn| conn.batch_execute("ROLLBACK").map_err(Error::from);
        let mut conn = database();
        let (answers, count) = run_batch(
            &mut conn,
            vec![insert_then(1, |_| Ok(())), insert_then(2, roll_back), insert_then(3, |_| Ok(()))],
        );
        assert!(answers.iter().all(Result::is_err), "{answers:?}");
        assert_eq!(count, 0);
        let (answers, count) = run_batch(&mut conn, vec![insert_then(1, |_| Ok(()))]);
        assert_eq!((answers, count), (vec![Ok(1)], 1));
    }

    #[test]
    fn a_write_whose_caller_has_gone_or_timed_out_is_skipped() {
        let late = Instant::now().checked_sub(ACQUIRE_TIMEOUT * 2).unwrap();
        let (abandoned, answer) = queued_write(|conn| insert(conn, 1), Instant::now());
        drop(answer);
        let mut conn = database();
        let mut jobs = vec![abandoned];
        commit_batch(&mut conn, &mut jobs).unwrap();
        let (answers, count) = run_batch(&mut conn, vec![queued_write(|conn| insert(conn, 2), late)]);
        assert_eq!((answers, count), (vec![Err(Code::Busy)], 0));
    }

    #[test]
    fn the_thread_serves_many_callers_at_once() {
        let writer = Writer::start(database()).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let results = runtime.block_on(async {
            futures_util::future::join_all((0..200).map(|n| writer.run(move |conn| insert(conn, n)))).await
        });
        assert_eq!(results.into_iter().map(Result::unwrap).collect::<Vec<_>>(), (0..200).collect::<Vec<_>>());
    }
}
