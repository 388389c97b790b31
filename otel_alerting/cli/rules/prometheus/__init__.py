"""Rules of Prometheus become rules of ours, or it is said which part of which expression cannot.

    files       rule files, custom resources, several documents   -> alerts and recorded series, each with its line
    lexer       the text of an expression                         -> words
    parser      words                                             -> a tree in which every node knows its place
    translate   the tree                                          -> forms over measures, and conditions on them
    write       conditions                                        -> a rule as it is written in our files
    words       Go templates                                      -> our annotations
    bring       a file                                            -> all of that, with notes and refusals

The parser is our own because a refusal must name the place in the text, which no published one for Python gives.
"""
