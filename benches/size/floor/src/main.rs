//! What standard input brings goes to standard output: what the other two are compared with.

use std::io::{self, Read, Write};

fn main() -> io::Result<()> {
    let (mut stdin, mut stdout) = (io::stdin().lock(), io::stdout().lock());
    let mut read = vec![0; 64 * 1024];
    loop {
        let n = stdin.read(&mut read)?;
        if n == 0 {
            return Ok(());
        }
        stdout.write_all(&read[..n])?;
        stdout.flush()?;
    }
}
