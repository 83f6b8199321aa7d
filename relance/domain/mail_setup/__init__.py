"""What mailbox providers must find before they take production mail: records in, findings out (SPEC section 14).

Each judge asks a `Records` for DNS answers. What is not known yet is noted there as missing; the caller looks it up and
judges again, until nothing is missing. So every rule is a pure function of the answers.
"""
