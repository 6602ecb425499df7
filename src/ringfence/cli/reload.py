"""`ringfence reload`: have what runs read its policy again."""

import typer

from ringfence.cli._errors import Problem
from ringfence.cli._home import HomeOption, PolicyOption, home
from ringfence.serve import ask_reload

app = typer.Typer(add_completion=False)


@app.command(
    help=(
        "Have `ringfence up` read policy, overlay, users, certificates and keys again.\n\n"
        "Sessions stay; a statement that runs ends under the old policy. Where anything is wrong the old one stays in force.\n\n"
        "Exit code: 0 where the policy was taken, 2 where it was not.\n\n"
        "Example: ringfence reload"
    )
)
def reload(policy: PolicyOption = None, folder: HomeOption = None) -> int:
    """Ask for it, and say what came of it."""
    done = ask_reload(home(policy, folder).made().folder)
    if not done.taken:
        raise Problem(f"the policy was not taken: {done.what}", done.mend)
    print(f"The policy is in force: {done.policy}")
    return 0
