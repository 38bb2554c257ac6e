"""The sandbox: what runs beside untrusted code.

Theory of operation
-------------------
Three processes take part, and trust flows one way.

    grader (trusted)          starts the zygote somewhere (a container, or a plain process) and speaks
      │  frames on stdin       frames with it; keeps the deadline and kills everything when it is over
      ▼  and stdout
    zygote (ours, no secrets)  imports torch once, then forks one child a job.  It relays what the child
      │  two pipes             writes piece by piece, without looking at it
      ▼
    child (the student's)      reads its job, gives up its uid, takes on limits, installs the spies, runs the
                               file, writes a trace and weights, and ends by os._exit

The pipes from child to zygote: *report* (frames T and W, for `trace.py` and the weights) and *output*
(whatever the student prints, raw).  A child can write anything to both, so all of it is a claim; nothing
in here holds a secret, hidden data or a reference.  The zygote never unpickles, parses or formats what a
child sent.  When a child ends, everything it started is killed before the zygote says so,
and all that it left is swept before the zygote says that it is ready again.  Nothing of a job stays in the
zygote's memory, of which the next child is a copy.

Where its job lets it, a child asks the grader by its report (frame A), and a third pipe brings the answers;
the grader may have it killed instead.  The files that such a job leaves go back to the grader, as bytes.

This package imports the standard library, torch, numpy and safetensors, and nothing of ours.
"""
