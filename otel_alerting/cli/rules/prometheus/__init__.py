"""Rules of Prometheus become rules of ours, or it is said which part of which expression cannot.

    files        rule files, custom resources, several documents: alerts and recorded series, each with its line
    lexer        the text of an expression, as words
    parser       words, as a tree (`syntax`) in which every node knows its place
    translate    the tree, as vectors: forms over measures, and conditions on them
    solving      a form and a comparison, as one number of ours and its limit
    writing      a vector, as a rule of our files
    words        Go's templates, as Jinja
    bringing     a file: all of that, with notes and refusals

The parser is our own because a refusal must name the place in the text, which no published one for Python gives.
"""
