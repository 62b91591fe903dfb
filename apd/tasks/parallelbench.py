"""ParallelBench (arXiv 2510.04767): what parallel decoding gets wrong, seventeen tasks.

Messages are the benchmark's own, with its one example where it has one; so are stops and lengths.
`accuracy` is the benchmark's score; `strict` asks for the spelling of the example too. Text is
scored by its grammar alone, as there; `all_words` says whether a sentence has its words.
"""

from __future__ import annotations

from collections.abc import Mapping

from apd.tasks.judging.grammar import ALL_WORDS, GRAMMAR, language_tool
from apd.tasks.judging.grids import LATIN_SQUARE, STRICT_SUDOKU, SUDOKU
from apd.tasks.judging.judge import Judge
from apd.tasks.judging.lists import (
    has_one_less,
    has_one_more,
    has_one_replaced,
    is_reference,
    is_shuffled,
    list_judges,
)
from apd.tasks.parallelbench_rows import ParallelBenchRows
from apd.tasks.task import ACCURACY, Task

STRICT = "strict"
LISTS = {
    metric: dict(zip((ACCURACY, STRICT), list_judges(is_right), strict=True))
    for metric, is_right in {
        "list_match_score": is_reference,
        "list_shuffle_score": is_shuffled,
        "list_random_insert_score": has_one_more,
        "list_random_remove_score": has_one_less,
        "list_random_replace_score": has_one_replaced,
    }.items()
}
WAITING_LINES = {
    "copy": "list_match_score",
    "reverse": "list_match_score",
    "sort": "list_match_score",
    "shuffle": "list_shuffle_score",
    "insert_index": "list_match_score",
    "insert_random": "list_random_insert_score",
    "remove_index": "list_match_score",
    "remove_random": "list_random_remove_score",
    "replace_index": "list_match_score",
    "replace_random": "list_random_replace_score",
}
# name -> name in the first release, metric, judges
PUZZLES: dict[str, tuple[str, str, Mapping[str, Judge]]] = {
    "latin_square_n4": (
        "puzzle/latin_square_n4",
        "latin_square_score",
        {ACCURACY: LATIN_SQUARE},
    ),
    "sudoku_n4": (
        "puzzle/sudoku_n4_12",
        "sudoku_score",
        {ACCURACY: SUDOKU, STRICT: STRICT_SUDOKU},
    ),
}
WRITING: dict[str, tuple[str, str, Mapping[str, Judge]]] = {
    "summarization": ("paraphrase_summarize/samsum", "summary_score", {ACCURACY: GRAMMAR}),
    "paraphrasing": (
        "paraphrase_summarize/chatgpt-paraphrases",
        "paraphrase_score",
        {ACCURACY: GRAMMAR},
    ),
    **{
        f"words_to_sentence_{level}": (
            f"words_to_sentence/{level}",
            "sentence_to_words_score",
            {ACCURACY: GRAMMAR, "all_words": ALL_WORDS},
        )
        for level in ("easy", "medium", "hard")
    },
}


def _task(
    name: str,
    source: ParallelBenchRows,
    judges: Mapping[str, Judge],
    stop: str,
    max_new_tokens: int,
) -> Task:
    return Task(
        name=f"parallelbench_{name}",
        source=source,
        system=None,
        user=lambda row: row["user"],
        examples=lambda row: row["examples"],
        judges=judges,
        stops=(stop,),
        max_new_tokens=max_new_tokens,
        prepare_judges=language_tool if judges[ACCURACY] is GRAMMAR else None,
    )


PARALLELBENCH = (
    *(
        _task(
            f"waiting_line_{name}",
            ParallelBenchRows(f"waiting_line/{name}", metric),
            LISTS[metric],
            "\n\n",
            32,
        )
        for name, metric in WAITING_LINES.items()
    ),
    *(
        _task(
            f"puzzles_{name}",
            ParallelBenchRows(f"puzzles/{name}", metric, older),
            judges,
            "\n\n\n",
            64,
        )
        for name, (older, metric, judges) in PUZZLES.items()
    ),
    *(
        _task(
            f"text_writing_{name}",
            ParallelBenchRows(f"text_writing/{name}", metric, older),
            judges,
            "\n\n",
            64,
        )
        for name, (older, metric, judges) in WRITING.items()
    ),
)
