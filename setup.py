"""What setup.cfg cannot say: demos/ goes into a wheel, as micronn/lessons, for `micronn learn`."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

LESSONS = sorted(map(str, [*Path("demos").glob("*.py"), *Path("demos").glob("*.md")]))


class WithLessons(build_py):
    """build_py, and the lessons; a checkout that is installed in place has them beside it."""

    def run(self):
        super().run()
        if not self.editable_mode:
            folder = Path(self.build_lib, "micronn", "lessons")
            shutil.rmtree(folder, ignore_errors=True)  # what an older build left
            folder.mkdir(parents=True)
            for lesson in LESSONS:
                shutil.copy(lesson, folder)

    def get_source_files(self):
        return [*super().get_source_files(), *LESSONS]  # so that an sdist has them too


setup(cmdclass={"build_py": WithLessons})
