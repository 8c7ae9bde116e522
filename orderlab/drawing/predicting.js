// Predict first: asks what the state will be, then shows it. The kernel knows the answers; here is only what it says.

const PATIENCE_MS = 5_000;
const SIGNS = { right: "✓", wrong: "✗" };

/** Return a new element; texts stay texts, whatever they look like. */
function make(tag, attributes = {}, ...children) {
	const element = document.createElement(tag);
	for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
	element.append(...children);
	return element;
}

/** Write a text if it is another one. */
function write(element, text) {
	if (element.textContent !== text) element.textContent = text;
}

/** Set an attribute, or with null remove it. */
function mark(element, name, value) {
	if (value === null) element.removeAttribute(name);
	else if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

let drawings = 0;

/** Return a picture that Python has drawn as an element, its ids its own. */
function drawing(text) {
	const named = text.replace(/( id="|url\(#)/g, `$1orderlab-predict-${(drawings += 1)}-`);
	const svg = document.importNode(new DOMParser().parseFromString(named, "image/svg+xml").documentElement, true);
	for (const group of svg.querySelectorAll("[data-state]")) centre(group);
	return svg;
}

/** Put the name of a state into the middle of its box, where room was left for a count. */
function centre(group) {
	const [box, name] = ["rect", "text"].map((tag) => group.querySelector(tag));
	const middle = Number(box.getAttribute("y")) + Number(box.getAttribute("height")) / 2;
	name.setAttribute("y", middle + Number(name.getAttribute("font-size")) / 3);
}

class View {
	constructor(root, { title, machine, press }) {
		Object.assign(this, { root, press, buttons: [], patience: null, phase: null });
		const names = "machine count about asked what options said next missed".split(" ");
		this.$ = Object.fromEntries(names.map((name) => [name, make({ next: "button", count: "p", said: "p" }[name] ??
			(/about|asked|what/.test(name) ? "span" : "div"), { class: name })]));
		const { $ } = this;
		$.machine.className = "orderlab-machine";
		$.said.setAttribute("role", "status");
		$.next.type = "button";
		root.setAttribute("aria-label", title);
		const legend = make("legend", {}, $.about, " ", $.asked, " ", $.what);
		this.question = make("fieldset", {}, legend, $.options);
		root.replaceChildren(make("h2", {}, title), $.machine, $.count, this.question, $.said, $.next, $.missed);
		if (machine) $.machine.append(drawing(machine));
		$.next.addEventListener("click", () => this.go());
		root.addEventListener("keydown", (event) => this.keyDown(event));
	}

	/** Show what the kernel says; what is there already stays, so that nothing flickers and the focus is kept. */
	show(view) {
		const { $ } = this;
		const had = this.root.contains(document.activeElement) || document.activeElement === this.root;
		const before = this.phase;
		clearTimeout(this.patience);
		this.view = view;
		this.phase = view.phase;
		this.offer(view.options);
		for (const name of ["count", "about", "asked", "what"]) write($[name], view[name]);
		this.question.hidden = view.phase === "over";
		for (const button of this.buttons) {
			const { name } = button.dataset;
			const is = name === view.right ? "right" : name === view.guessed ? "wrong" : null;
			mark(button, "data-is", is);
			mark(button, "aria-disabled", view.phase === "asks" ? null : "true");
			write(button.lastChild, is === null ? "" : SIGNS[is]);
		}
		const is = view.phase !== "tells" ? null : view.right === view.guessed ? "right" : "wrong";
		mark($.said, "data-is", is);
		write($.said, `${is === null ? "" : `${SIGNS[is]} `}${view.said}`);
		mark($.next, "aria-hidden", view.phase === "asks" ? "true" : null);
		$.next.hidden = view.phase === "over" && view.options.length === 0;
		write($.next, view.phase === "over" ? "Begin again" : view.next);
		this.light(view);
		this.list(view.missed);
		if (had && before !== view.phase) (view.phase === "asks" ? this.buttons[0] : $.next)?.focus({ preventScroll: true });
	}

	/** Light the state, and the arrow that led to it. */
	light({ lit, way }) {
		for (const group of this.$.machine.querySelectorAll("[data-state]")) group.classList.toggle("lit", group.dataset.state === lit);
		for (const group of this.$.machine.querySelectorAll("[data-source]")) {
			const { source, target, events = "" } = group.dataset;
			group.classList.toggle("lit", way !== null && source === way[0] && target === way[2] && events.split(" ").includes(way[1]));
		}
		const title = this.$.machine.querySelector("title");
		if (title) write(title, `${title.textContent.split(";")[0]}; now ${lit}`);
	}

	offer(options) {
		if (options.join("\n") === this.buttons.map(({ dataset }) => dataset.name).join("\n")) return;
		this.buttons = options.map((name, index) => {
			const key = index < 9 ? { "aria-keyshortcuts": String(index + 1) } : {};
			const number = make("i", { "aria-hidden": "true" }, index < 9 ? String(index + 1) : "");
			const button = make("button", { type: "button", "data-name": name, ...key }, number, name, make("b"));
			button.addEventListener("click", () => this.guess(name));
			return button;
		});
		this.$.options.replaceChildren(...this.buttons);
	}

	list(missed) {
		const cells = (tag, texts) => make("tr", {}, ...texts.map((text) => make(tag, tag === "th" ? { scope: "col" } : {}, text)));
		const head = make("thead", {}, cells("th", ["step", "asked", "guessed", "right", "why"]));
		this.$.missed.replaceChildren(...(missed.length ? [make("table", {}, head, make("tbody", {}, ...missed.map((row) => cells("td", row))))] : []));
	}

	guess(name) {
		if (this.view.phase === "asks") this.ask({ do: "guess", name });
	}

	go() {
		if (this.view.phase !== "asks") this.ask({ do: this.view.phase === "over" ? "reset" : "next" });
	}

	/** Ask the kernel, and say so if it does not answer. */
	ask(message) {
		clearTimeout(this.patience);
		this.patience = setTimeout(() => {
			write(this.$.said, "The kernel does not answer: run the cell again, or wait for what it is busy with.");
		}, PATIENCE_MS);
		this.press({ ...message, at: this.view.at });
	}

	/** Take a key; none of ours reaches the notebook around, whose commands are letters and digits. */
	keyDown(event) {
		const { target, key } = event;
		const isOurs = !(event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) && key !== "Escape";
		this.root.toggleAttribute("data-lm-suppress-shortcuts", isOurs);
		if (!isOurs) return;
		event.stopPropagation();
		if (/^[1-9]$/.test(key)) this.buttons[Number(key) - 1]?.click();
		else if (key === "Enter" && !target.matches("button")) this.go();
		else if (/^Arrow(Left|Right)$/.test(key) && this.buttons.includes(target)) {
			const by = key === "ArrowLeft" ? -1 : 1;
			this.buttons.at((this.buttons.indexOf(target) + by) % this.buttons.length).focus();
		} else return;
		event.preventDefault();
	}
}

/** Show a widget of a notebook. */
function render({ model, el }) {
	const root = el.appendChild(make("section", { class: "orderlab-timetravel orderlab-predict", tabindex: "-1", "data-lm-suppress-shortcuts": "" }));
	const view = new View(root, {
		title: model.get("title"), machine: model.get("_machine"), press: (message) => model.send(message),
	});
	const show = () => view.show(model.get("_view"));
	model.on("change:_view", show);
	model.on("msg:custom", ({ view: told }) => { if (told) view.show(told); });
	show();
	return () => {
		clearTimeout(view.patience);
		model.off("change:_view", show);
	};
}

export default { render };
