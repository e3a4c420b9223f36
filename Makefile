# Everything a reader, a teacher or a contributor does, by name. `make` lists it.
# Needs Python 3.11 or newer (`make book PYTHON=python3.12` chooses one), make and git.

PYTHON ?= python3
PORT ?= 8000

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
LAB_VENV := .venv-lab
LAB_BIN := $(LAB_VENV)/bin
LAB_READY := $(LAB_VENV)/.ready
COURSE_VENV := .venv-course
COURSE_BIN := $(COURSE_VENV)/bin
COURSE_READY := $(COURSE_VENV)/.ready
COURSE_LOCK := chapters/assignments/requirements.txt
COURSEWORK ?= _build/coursework
INPUTS := _build/.inputs

# One thread a process: notebooks and tests run side by side, and their arrays are small.
export OMP_NUM_THREADS := 1

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help venv book test references serve pdf lab links benchmarks assignments student grade lint format lock cache clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# Fails with a sentence, not with a traceback, where Python is missing, too old, or (Debian, Ubuntu)
# comes without the module that makes environments.
define check-python
	@command -v $(PYTHON) > /dev/null || { \
	  echo "There is no '$(PYTHON)' here. Install Python 3.11 or newer, or name one: make ... PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "'$(PYTHON)' is $$($(PYTHON) -V 2>&1). Python 3.11 or newer is needed; name one: make ... PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2> /dev/null || { \
	  echo "'$(PYTHON)' cannot make virtual environments. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
endef

venv: $(READY) ## set up .venv from the locked requirements.txt

# An environment of another Python, or one that was left half made, is made anew.
$(READY): requirements.txt pyproject.toml
	$(check-python)
	@echo "Setting up $(VENV) from requirements.txt: a minute or two, only when it changed."
	@lib=$$($(PYTHON) -c 'import sys; print("lib/python%d.%d" % sys.version_info[:2])'); \
	test -x $(BIN)/pip && test -d $(VENV)/$$lib || $(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# A notebook's cached outputs are right only for the optlib, the packages, the data and the checks of
# exercises that made them; Jupyter's cache looks at the notebook's own cells alone.
cache: $(READY)
	@mkdir -p _build
	@find optlib requirements.txt chapters/data chapters/exercises chapters/studies $(VENV)/pyvenv.cfg -type f ! -path '*/__pycache__/*' \
	  -exec cksum {} + | LC_ALL=C sort -k 3 > $(INPUTS).new
	@cmp -s $(INPUTS).new $(INPUTS) || rm -rf _build/.jupyter_cache
	@mv $(INPUTS).new $(INPUTS)

# The student editions of the assignments are pages of the book; COHORT=2027 draws other data.
student: $(READY)
	@PYTHONPATH=chapters $(BIN)/python -m assignments.tools student $(if $(COHORT),--cohort $(COHORT))

book: cache student ## build the book into _build/html; any warning is an error
	@echo "Building the book: notebooks that changed are executed first."
	@$(BIN)/python chapters/_ext/execute.py > _build/execution 2>&1 || { cat _build/execution >&2; exit 1; }
	@$(BIN)/jupyter-book build . --all -W --keep-going -n -q > /dev/null 2> _build/messages; status=$$?; \
	  grep -v 'Kernel is running over TCP' _build/messages >&2; exit $$status
	@echo "Built. Open _build/html/index.html in a browser, or run: make serve"

test: lint book $(COURSE_READY) ## run every check: lint, types, the book's build, and all tests
	@$(BIN)/pytest -n 2

references: $(READY) ## renew the notebooks' reference outputs (then read the diff)
	@$(BIN)/pytest -q tests/reference --update-references

serve: book ## build, then serve the book at http://localhost:8000 (PORT=... for another)
	@echo "The book is at http://localhost:$(PORT) (Ctrl-C ends it)."
	@$(BIN)/python -m http.server $(PORT) --bind 127.0.0.1 --directory _build/html

pdf: book ## print the whole course as one PDF, in _build/pdf (needs Chromium or Chrome)
	@echo "Printing the course: this takes some minutes."
	@PYTHONPATH=tests $(BIN)/python chapters/_ext/pdf.py

links: cache ## check that every link to the outside still answers
	@$(BIN)/jupyter-book build . --builder linkcheck --path-output _build/links

# The environment that the launch button's page starts: the image's JupyterLab, then binder/ on top.
$(LAB_READY): binder/base-image.txt binder/requirements.txt binder/overrides.json binder/postBuild
	$(check-python)
	@echo "Setting up $(LAB_VENV) as binder/ says: a minute, only when it changed."
	@$(PYTHON) -m venv --clear $(LAB_VENV)
	@$(LAB_BIN)/pip install --quiet --disable-pip-version-check -r binder/base-image.txt -r binder/requirements.txt
	@NB_PYTHON_PREFIX="$(CURDIR)/$(LAB_VENV)" bash binder/postBuild
	@touch $@

# The environment that makes and grades coursework; neither the book nor a student needs it.
$(COURSE_READY): $(COURSE_LOCK)
	$(check-python)
	@echo "Setting up $(COURSE_VENV) from $(COURSE_LOCK): a minute, only when it changed."
	@$(PYTHON) -m venv --clear $(COURSE_VENV)
	@$(COURSE_BIN)/pip install --quiet --disable-pip-version-check -r $(COURSE_LOCK)
	@touch $@

assignments: $(COURSE_READY) ## make all editions of the assignments (COHORT=2027: other data)
	@PYTHONPATH=chapters $(COURSE_BIN)/python -m assignments.tools course --out $(COURSEWORK) \
	  $(if $(COHORT),--cohort $(COHORT))

grade: $(COURSE_READY) ## mark the submissions in a folder: SUBMISSIONS=folder
	@test -n "$(SUBMISSIONS)" || { echo "Say where the submissions are: make grade SUBMISSIONS=folder" >&2; exit 1; }
	@PYTHONPATH=chapters $(COURSE_BIN)/python -m assignments.tools grade "$(SUBMISSIONS)" --out $(COURSEWORK) \
	  $(if $(ASSIGNMENT),--assignment $(ASSIGNMENT)) \
	  $(if $(CELL_SECONDS),--cell-seconds $(CELL_SECONDS)) $(if $(TOTAL_SECONDS),--seconds $(TOTAL_SECONDS))

# In a container one is often root; Jupyter then wants to be told that this is meant.
lab: $(LAB_READY) ## open the chapters in JupyterLab, as Binder does
	@PYTHONPATH=chapters $(LAB_BIN)/python -m assignments.tools student $(if $(COHORT),--cohort $(COHORT))
	@$(LAB_BIN)/jupyter lab --LabApp.default_url=/lab/tree/chapters/intro.md $(if $(filter 0,$(shell id -u)),--allow-root)

benchmarks: $(READY) ## time optlib beside what one would use instead (some minutes)
	@$(BIN)/python tests/benchmarks

lint: $(READY) ## ruff (style and format) and mypy (types)
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --check --quiet || { $(BIN)/ruff format --check; exit 1; }
	@$(BIN)/mypy --no-error-summary

format: $(READY) ## let ruff put the code into shape
	@$(BIN)/ruff check --fix --quiet
	@$(BIN)/ruff format --quiet

# Versions that still fit are kept; UPGRADE=1 takes the newest of everything.
lock: $(READY) ## resolve pyproject.toml into requirements.txt (UPGRADE=1: newest versions)
	@$(BIN)/pip install --quiet --disable-pip-version-check uv
	@$(BIN)/uv pip compile pyproject.toml --extra plots --extra book --extra distributed --extra test --universal \
	  --python-version 3.11 --fork-strategy fewest --no-header --quiet $(if $(UPGRADE),--upgrade) -o requirements.txt
	@$(BIN)/uv pip compile pyproject.toml --extra plots --extra coursework --constraints requirements.txt --universal \
	  --python-version 3.11 --fork-strategy fewest --no-header --quiet $(if $(UPGRADE),--upgrade) -o $(COURSE_LOCK)

clean: ## remove the built book and all caches (.venv stays)
	@rm -rf _build build .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info
	@find . -name __pycache__ -type d ! -path './.venv*' -prune -exec rm -rf {} +
