"""Every explorer in the static page: mouse, keyboard, and the numbers that Python computes."""

import pytest
import torch
from explorer_page import ExplorerPage

from apd.coupling import (
    agreement_probability,
    gumbel_max,
    gumbel_noise,
    independent_agreement,
    maximal_agreement,
)
from apd.mixture import mixture_log_probs

PHONE, DESKTOP = 390, 1280
LABELS = (
    "Coupling explorer",
    "Marginals explorer",
    "APD stepper",
    "KV staleness explorer",
    "Lookahead explorer",
    "Explorer of R",
)


def number(explorer, name):
    """The unrounded value of a figure of the explorer."""
    return float(explorer.locator(f'dd[data-name="{name}"]').get_attribute("data-value"))


def control(explorer, name):
    return explorer.locator(f'[data-name="{name}"]')


def close(value):
    return pytest.approx(value, rel=1e-9, abs=1e-12)


class TestCoupling:
    @staticmethod
    def laws(weights, verifier_weights, mixture_weight):
        draft, verifier = (
            torch.tensor(w, dtype=torch.float64) / sum(w) for w in (weights, verifier_weights)
        )
        target = mixture_log_probs(draft.log(), verifier.log(), mixture_weight).exp()
        return draft, target

    @staticmethod
    def rate(laws, seed, draws):
        noise = gumbel_noise(seed, torch.arange(draws), torch.arange(len(laws[0])))
        picks = [gumbel_max(law.log(), noise) for law in laws]
        return float((picks[0] == picks[1]).double().mean())

    def test_mouse_draws_agree_with_python(self, opened: ExplorerPage) -> None:
        state = opened.states["CouplingExplorer"]
        explorer = opened.explorer("Coupling explorer")
        weights, others = state["draft_weights"], state["verifier_weights"]
        laws = self.laws(weights, others, state["mixture_weight"])
        control(explorer, "reset").click()
        assert number(explorer, "shared") == close(float(agreement_probability(*laws)))
        assert number(explorer, "independent") == close(float(independent_agreement(*laws)))
        assert number(explorer, "maximal") == close(float(maximal_agreement(*laws)))
        control(explorer, "draw-many").click()
        control(explorer, "draw-one").click()
        assert number(explorer, "drawn") == 101
        assert number(explorer, "rate") == close(self.rate(laws, state["seed"], 101))

    def test_noise_and_scores_are_python_s(self, opened: ExplorerPage) -> None:
        state = opened.states["CouplingExplorer"]
        explorer = opened.explorer("Coupling explorer")
        control(explorer, "reset").click()
        control(explorer, "draw-one").click()
        draft, target = self.laws(
            state["draft_weights"], state["verifier_weights"], state["mixture_weight"]
        )
        noise = gumbel_noise(state["seed"], torch.arange(1), torch.arange(len(draft)))[0]
        expected = {3: noise, 4: draft.log() + noise, 5: target.log() + noise}
        for column, values in expected.items():
            cells = explorer.locator(f'td[data-column="{column}"]')
            shown = [float(cells.nth(v).get_attribute("data-value")) for v in range(len(draft))]
            assert shown == close(values.tolist())
        winners = [int(gumbel_max(law.log(), noise)) for law in (draft, target)]
        words = [state["words"][v] for v in winners]
        verdict = control(explorer, "verdict").inner_text()
        assert f"draft is {words[0]}" in verdict and f"target is {words[1]}" in verdict

    def test_keyboard_moves_the_mixture_and_a_weight(self, opened: ExplorerPage) -> None:
        state = opened.states["CouplingExplorer"]
        explorer = opened.explorer("Coupling explorer")
        control(explorer, "mixture_weight").focus()
        opened.page.keyboard.press("ArrowRight")
        control(explorer, "draft_weights-0").focus()
        opened.page.keyboard.press("End")
        weights = [100, *state["draft_weights"][1:]]
        mixture_weight = state["mixture_weight"] + 0.05
        laws = self.laws(weights, state["verifier_weights"], mixture_weight)
        assert number(explorer, "shared") == close(float(agreement_probability(*laws)))

    def test_a_seed_is_typed_and_nonsense_is_put_back(self, opened: ExplorerPage) -> None:
        state = opened.states["CouplingExplorer"]
        explorer = opened.explorer("Coupling explorer")
        control(explorer, "seed").fill("2147483647")
        control(explorer, "seed").press("Enter")
        control(explorer, "reset").click()
        control(explorer, "draw-many").click()
        weights = (state["draft_weights"], state["verifier_weights"], state["mixture_weight"])
        assert number(explorer, "rate") == close(self.rate(self.laws(*weights), 2**31 - 1, 100))
        control(explorer, "seed").fill("-4")
        control(explorer, "seed").press("Enter")
        assert control(explorer, "seed").input_value() == "2147483647"

    def test_disjoint_laws_are_explained(self, opened: ExplorerPage) -> None:
        explorer = opened.explorer("Coupling explorer")
        for v in range(len(opened.states["CouplingExplorer"]["words"])):
            name = "draft_weights" if v else "verifier_weights"
            control(explorer, f"{name}-{v}").focus()
            opened.page.keyboard.press("Home")
        assert "does not exist" in control(explorer, "verdict").inner_text()


class TestMarginals:
    @staticmethod
    def sample(language, group_size, seed, numbers):
        """The strings of the front end, from the language's sentences."""
        size = len(language["words"])
        strings = []
        for draw in numbers:
            tokens: list[int] = []
            for i in range(language["length"]):
                prefix = tokens[: i - i % group_size]
                known = [
                    s for s in language["sentences"] if s["tokens"][: len(prefix)] == prefix
                ] or language["sentences"]
                law = torch.zeros(size, dtype=torch.float64)
                for sentence in known:
                    law[sentence["tokens"][i]] += sentence["probability"]
                noise = gumbel_noise(seed, torch.tensor([i]), torch.arange(size), draw)[0]
                tokens.append(int(gumbel_max(law.log(), noise)))
            strings.append(tokens)
        return strings

    @pytest.mark.parametrize("index", [0, 1, 2])
    def test_strings_and_their_share_are_python_s(self, opened: ExplorerPage, index: int) -> None:
        state = opened.states["MarginalsExplorer"]
        explorer = opened.explorer("Marginals explorer")
        language = state["languages"][index]
        control(explorer, "language").select_option(str(index))
        control(explorer, "group_size").focus()
        opened.page.keyboard.press("End")
        control(explorer, "reset").click()
        control(explorer, "sample-many").click()
        k = language["length"]
        strings = self.sample(language, k, state["seed"], range(50))
        shown = explorer.locator("li[data-tokens]")
        latest = [" ".join(map(str, tokens)) for tokens in reversed(strings[-10:])]
        assert [shown.nth(i).get_attribute("data-tokens") for i in range(10)] == latest
        known = [sentence["tokens"] for sentence in language["sentences"]]
        wrong = sum(tokens not in known for tokens in strings)
        assert number(explorer, "measured") == close(wrong / 50)
        assert number(explorer, "exact") == close(language["incoherent"][k - 1])

    def test_one_token_at_a_time_nothing_goes_wrong(self, opened: ExplorerPage) -> None:
        explorer = opened.explorer("Marginals explorer")
        control(explorer, "group_size").focus()
        opened.page.keyboard.press("Home")
        control(explorer, "sample-many").focus()
        opened.page.keyboard.press("Enter")
        assert number(explorer, "measured") == number(explorer, "exact") == 0
        assert number(explorer, "loss") == close(0)
        assert explorer.locator(".apd-incoherent").count() == 0


class TestStepper:
    @staticmethod
    def decode(state, **changes):
        place = {name: state[name] for name in ("prompt", "weight", "window", "lookahead")}
        place |= changes
        decodes = state["recording"]["decodes"]
        return next(d for d in decodes if all(d[name] == place[name] for name in place))

    def check_totals(self, explorer, iterations, count):
        tokens = sum(i["tokens"] for i in iterations[:count])
        assert number(explorer, "tokens") == tokens
        if count:
            assert number(explorer, "rate") == close(tokens / count)
            spent = sum(sum(i["times_s"]) for i in iterations[:count])
            assert number(explorer, "time") == close(spent)
            assert number(explorer, "speed") == close(tokens / spent)
        text = control(explorer, "decoded").text_content()
        assert text == "".join(i["text"] for i in iterations[:count])

    def test_mouse_steps_and_keyboard_scrubs(self, opened: ExplorerPage) -> None:
        iterations = self.decode(opened.states["ApdStepper"])["iterations"]
        explorer = opened.explorer("APD stepper")
        self.check_totals(explorer, iterations, 1)  # it opens with an iteration to look at
        control(explorer, "back").click()
        self.check_totals(explorer, iterations, 0)
        control(explorer, "forward").click()
        control(explorer, "forward").click()
        self.check_totals(explorer, iterations, 2)
        control(explorer, "back").click()
        self.check_totals(explorer, iterations, 1)
        control(explorer, "iteration").focus()
        opened.page.keyboard.press("End")
        self.check_totals(explorer, iterations, len(iterations))
        assert control(explorer, "forward").is_disabled()
        opened.page.keyboard.press("ArrowLeft")
        self.check_totals(explorer, iterations, len(iterations) - 1)

    def test_play_runs_to_the_end_and_can_be_paused(self, opened: ExplorerPage) -> None:
        iterations = self.decode(opened.states["ApdStepper"])["iterations"]
        explorer = opened.explorer("APD stepper")
        control(explorer, "back").click()
        opened.page.clock.install()
        control(explorer, "play").click()
        opened.page.clock.run_for(2_000)
        assert control(explorer, "play").inner_text() == "Pause"
        self.check_totals(explorer, iterations, 2)
        control(explorer, "play").click()
        opened.page.clock.run_for(5_000)
        self.check_totals(explorer, iterations, 2)
        control(explorer, "play").focus()
        opened.page.keyboard.press("Enter")
        opened.page.clock.run_for(1_000 * (len(iterations) + 2))
        self.check_totals(explorer, iterations, len(iterations))
        assert control(explorer, "play").inner_text() == "Play"

    def test_colours_mark_iterations(self, opened: ExplorerPage) -> None:
        explorer = opened.explorer("APD stepper")
        control(explorer, "iteration").focus()
        opened.page.keyboard.press("End")
        parts = control(explorer, "decoded").locator("span")
        colours = parts.evaluate_all("nodes => nodes.map(node => getComputedStyle(node).color)")
        assert len(set(colours[:4])) == min(4, len(colours))

    def test_hover_and_focus_show_the_laws(self, opened: ExplorerPage) -> None:
        state = opened.states["ApdStepper"]
        vocabulary = state["recording"]["vocabulary"]
        explorer = opened.explorer("APD stepper")
        first = self.decode(state)["iterations"][0]
        cards = explorer.locator(".apd-card")
        assert cards.count() == len(first["draft"])
        cards.first.hover()
        self.check_laws(explorer, first, 0, vocabulary)
        cards.first.focus()
        opened.page.keyboard.press("ArrowRight")
        self.check_laws(explorer, first, 1, vocabulary)
        opened.page.keyboard.press("End")
        self.check_laws(explorer, first, len(first["draft"]) - 1, vocabulary)
        kept = explorer.locator(".apd-kept").count()
        assert kept == min(first["accepted"], len(first["draft"]))

    @staticmethod
    def check_laws(explorer, iteration, offset, vocabulary):
        detail = control(explorer, "detail")
        assert f"Token {iteration['start'] + offset + 1}:" in detail.inner_text()
        marginal, joint, mixed = iteration["laws"][offset]
        tables = detail.locator("table")
        for place, law in enumerate([marginal, mixed, joint]):
            cells = tables.nth(place).locator("td[data-value]")
            values = [float(cells.nth(i).get_attribute("data-value")) for i in range(len(law))]
            assert cells.count() == len(law)
            assert values == close([probability for _, probability in law])
            words = tables.nth(place).locator("th").all_text_contents()
            shown = [word.replace("␣", " ").replace("⏎", "\n").replace("⇥", "\t") for word in words]
            assert shown == [vocabulary[str(token)] for token, _ in law]

    def test_the_grid_is_chosen_by_keyboard(self, opened: ExplorerPage) -> None:
        state = opened.states["ApdStepper"]
        explorer = opened.explorer("APD stepper")
        control(explorer, "iteration").focus()
        opened.page.keyboard.press("End")
        control(explorer, "weight").select_option("0")
        control(explorer, "lookahead").focus()
        opened.page.keyboard.press("End")
        last = len(state["recording"]["grid"]["lookahead"]) - 1
        iterations = self.decode(state, weight=0, lookahead=last)["iterations"]
        shown = int(control(explorer, "iteration").input_value())
        self.check_totals(explorer, iterations, shown)


class TestStaleness:
    def test_cells_by_mouse_and_arrow_keys(self, opened: ExplorerPage) -> None:
        state = opened.states["StalenessExplorer"]
        table = state["recording"]["origins"]["answer"]["key_drift"]
        explorer = opened.explorer("KV staleness explorer")
        explorer.locator('.apd-cell[data-layer="1"][data-distance="3"]').click()
        assert number(explorer, "cell") == close(table[1][2])
        opened.page.keyboard.press("ArrowRight")
        opened.page.keyboard.press("ArrowUp")
        assert number(explorer, "cell") == close(table[0][3])
        assert number(explorer, "column") == close(sum(row[3] for row in table) / len(table))
        row = [value for value in table[0] if value is not None]
        assert number(explorer, "row") == close(sum(row) / len(row))

    def test_window_and_measure(self, opened: ExplorerPage) -> None:
        state = opened.states["StalenessExplorer"]
        explorer = opened.explorer("KV staleness explorer")
        control(explorer, "measure").select_option("3")
        control(explorer, "origin").select_option("1")
        control(explorer, "kv_window").focus()
        opened.page.keyboard.press("ArrowRight")
        width = state["kv_window"] + 1
        table = state["recording"]["origins"]["prompt"]["value_drift"]
        behind = [value for row in table for value in row[width:] if value is not None]
        assert number(explorer, "behind") == close(sum(behind) / len(behind))


class TestLookahead:
    def test_keyboard_walks_through_every_m(self, opened: ExplorerPage) -> None:
        state = opened.states["LookaheadExplorer"]
        recording = state["recording"]
        explorer = opened.explorer("Lookahead explorer")
        control(explorer, "lookahead").focus()
        opened.page.keyboard.press("Home")
        for m in range(len(recording["lookaheads"])):
            lengths = recording["lengths"][m]
            profile = [p for p in recording["profiles"][m][state["fraction"]] if p is not None]
            assert number(explorer, "length") == close(sum(lengths) / len(lengths))
            assert number(explorer, "first") == close(profile[0])
            assert number(explorer, "largest") == close(max(profile))
            assert control(explorer, "answer").text_content() == recording["answers"][m]
            opened.page.keyboard.press("ArrowRight")

    def test_how_much_is_decoded_changes_the_profile(self, opened: ExplorerPage) -> None:
        state = opened.states["LookaheadExplorer"]
        explorer = opened.explorer("Lookahead explorer")
        control(explorer, "fraction").focus()
        opened.page.keyboard.press("End")
        profile = state["recording"]["profiles"][state["lookahead"]][-1]
        assert number(explorer, "first") == close(profile[0])


class TestWeights:
    def test_one_slider_moves_text_steps_and_averages(self, opened: ExplorerPage) -> None:
        state = opened.states["WeightsExplorer"]
        recording, measured = state["recording"], state["measured"]
        explorer = opened.explorer("Explorer of R")
        last = len(recording["prompts"]) - 1
        control(explorer, "prompt").select_option(str(last))
        control(explorer, "weight").focus()
        opened.page.keyboard.press("Home")
        for index, decode in enumerate(recording["decodes"][last]):
            steps = decode["iterations"]
            text = "".join(step["text"] for step in steps)
            assert control(explorer, "decoded").text_content() == text
            said = control(explorer, "verdict").inner_text()
            assert f"R = {recording['weights'][index]}:" in said
            assert ("is right" in said) == decode["right"]
            mean = sum(step["tokens"] for step in steps) / len(steps)
            assert number(explorer, "rate") == close(mean)
            assert explorer.locator("rect.apd-bar").count() == len(steps)
            assert number(explorer, "accuracy") == close(measured["accuracy"][index][0])
            rates = measured["tokens_per_iteration"]
            assert number(explorer, "mean_rate") == close(rates[index][0])
            opened.page.keyboard.press("ArrowRight")


class TestEveryExplorer:
    def test_every_control_has_a_name_and_can_be_tabbed_to(self, opened: ExplorerPage) -> None:
        for label in LABELS:
            explorer = opened.explorer(label)
            nameless = explorer.locator("input, select, button").evaluate_all(
                "nodes => nodes.filter(n => n.tabIndex < 0 ||"
                " !(n.ariaLabel || n.labels?.length || n.textContent.trim()))"
                ".map(n => n.outerHTML)"
            )
            assert nameless == [], label
            pictures = explorer.locator("svg").all()
            assert all(len(picture.get_attribute("aria-label")) > 20 for picture in pictures)
            assert explorer.locator('[role="status"]').count() == 1, label
        ids = opened.page.locator("[id]").evaluate_all("nodes => nodes.map(node => node.id)")
        assert len(ids) == len(set(ids))

    @pytest.mark.parametrize(
        "look",
        [(PHONE, "light"), (PHONE, "dark"), (DESKTOP, "dark")],
        ids=["phone-light", "phone-dark", "desktop-dark"],
        indirect=True,
    )
    def test_fits_the_screen_and_follows_the_theme(
        self, opened: ExplorerPage, look: tuple[int, str]
    ) -> None:
        width, theme = look
        for label in LABELS:
            explorer = opened.explorer(label)
            box = explorer.bounding_box()
            assert box["x"] >= 0 and box["x"] + box["width"] <= width, label
            too_wide = explorer.locator("*").evaluate_all(
                "nodes => nodes.filter(n => n instanceof HTMLElement"
                " && n.scrollWidth > n.clientWidth + 1 && n.clientWidth > 0"
                " && getComputedStyle(n).overflowX === 'visible'"
                " && getComputedStyle(n).display !== 'inline').map(n => n.outerHTML.slice(0, 99))"
            )
            assert too_wide == [], label
            ink, paper = explorer.evaluate(
                "node => { const style = getComputedStyle(node);"
                " return [style.color, style.backgroundColor].map(rgb => rgb.match(/[\\d.]+/g)"
                "   .slice(0, 3).reduce((sum, c) => sum + Number(c), 0)); }"
            )
            assert (paper > ink) == (theme == "light"), label
