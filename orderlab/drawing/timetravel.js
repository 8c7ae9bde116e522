// Time travel: stand anywhere in a log, in a notebook (the default export) or in a page (`mount`).
// What is known of a domain was found out in Python; here recorded patches are put on one another.

const [NEW, TIME, VERSION, KEY, MET] = [0, 1, 2, 3, 4]; // codes of values: see notebook/columns.py
const FULL_EVERY = 32;
const BLOCK = 256; // events between two sums that are kept
const ROW = 28; // pixels
const TALLEST = 8_000_000; // pixels of a list; no browser has many more
const PAGE = 100; // events
const MOST_STEPS = 40; // of a story
const [PATIENCE_MS, TELL_EVERY_MS] = [5_000, 100];

/** `12,345` */
export const number = new Intl.NumberFormat("en-GB").format;

/** `2025-01-31 09:30:00` in UTC, as Python shows it. */
const instant = (ms) => new Date(ms).toISOString().slice(0, -5).replace("T", " ");

/** Return a new element; texts stay texts, whatever they look like. */
export function make(tag, attributes = {}, ...children) {
	const element = document.createElement(tag);
	for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
	element.append(...children);
	return element;
}

/** Return what is described as a tag and what is in it, `["p", "text", ["b", "more"]]`; a text stays one. */
const built = (node) => (typeof node === "string" ? node : make(node[0], {}, ...node.slice(1).map(built)));

const link = (text, attributes) => make("button", { type: "button", class: "link", ...attributes }, text);

/** Write a text if it is another one. */
function write(element, text) {
	if (element.firstChild === null) element.append(text);
	else if (element.firstChild.data !== text) element.firstChild.data = text;
}

/** Set an attribute, or with null remove it, if that changes it. */
function mark(element, name, value) {
	if (value === null) element.removeAttribute(name);
	else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
}

/** Return how many of ascending numbers are not above one. */
function rank(numbers, most) {
	let [low, high] = [0, numbers.length];
	while (low < high) {
		const middle = (low + high) >> 1;
		if (numbers[middle] <= most) low = middle + 1;
		else high = middle;
	}
	return low;
}

/** A log as patches. Events count from 0 here, positions from 1. */
export class Recording {
	constructor({ noun = "entity", keys = [], types = [], states = ["none"], fields = [], hidden = [] } = {}) {
		Object.assign(this, { noun, keys, types, states, fields: [], inOrder: [], hidden, length: 0, last: [] });
		Object.assign(this, { edges: [], edgeOf: {}, sums: [], blocks: [], known: new Map() });
		for (const name of "time stream type state edge previous next version hiddenIn hiddenCodes".split(" ")) this[name] = [];
		for (const { name, values } of fields) this.addField(name, values);
	}

	/** Return the recording in gzipped bytes, or in a text that holds them in base 64. */
	static async from(data) {
		const bytes = typeof data === "string" ? Uint8Array.from(atob(data), (each) => each.charCodeAt(0)) : data;
		const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
		const buffer = await new Response(stream).arrayBuffer();
		let start = 4 + new DataView(buffer).getUint32(0, true);
		const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, start - 4)));
		const kinds = { 1: Uint8Array, 2: Uint16Array, 4: Uint32Array, 8: Float64Array };
		const [times, streams, types, states, sets, gaps, hidden, ...values] = header.columns.map(
			([width, count]) => new kinds[width](buffer.slice(start, (start += width * count))));
		const log = new Recording(header);
		const [read, met] = [values.map(() => 0), values.map(() => 0)];
		let [time, streamsMet, hiddenIn] = [header.start, 0, 0];
		log.hiddenIn = Array.from(gaps, (gap) => (hiddenIn += gap));
		log.hiddenCodes = Array.from(hidden);
		for (let event = 0; event < times.length; event += 1) {
			time += times[event];
			const stream = streams[event] === NEW ? streamsMet++ : streamsMet - streams[event];
			log.place(time, stream, types[event], states[event]);
			for (const field of header.sets[sets[event]]) {
				const code = values[field][read[field]++];
				log.fields[field].codes[event] = code === NEW ? MET + met[field]++ : code;
			}
		}
		return log;
	}

	/** Take in an event with the state it led to, and the texts of the fields it changed. */
	append({ key, type, state, time, fields, hidden = [] }) {
		const numberOf = (list, value) => {
			if (!this.known.has(list)) this.known.set(list, new Map(list.map((each, number) => [each, number])));
			const numbers = this.known.get(list);
			if (!numbers.has(value)) numbers.set(value, list.push(value) - 1);
			return numbers.get(value);
		};
		this.place(time, numberOf(this.keys, key), numberOf(this.types, type), numberOf(this.states, state));
		for (const [name, text] of Object.entries(fields)) {
			const field = this.fields.find((each) => each.name === name) ?? this.addField(name, []);
			field.codes[this.length - 1] = MET + numberOf(field.values, text);
		}
		for (const text of hidden) {
			this.hiddenIn.push(this.length - 1);
			this.hiddenCodes.push(numberOf(this.hidden, text));
		}
	}

	addField(name, values) {
		const field = { name, values, codes: Array(this.length).fill(0), whole: name.split(".")[0] };
		const last = this.inOrder.findLastIndex(({ whole }) => whole === field.whole);
		this.inOrder.splice(last < 0 ? this.fields.length : last + 1, 0, field);
		this.fields.push(field);
		return field;
	}

	/** Put an event into the log, its stream, and on its edge of the machine. */
	place(time, stream, type, state) {
		const event = this.length++;
		const previous = this.last[stream] ?? -1;
		this.time[event] = time;
		this.stream[event] = stream;
		this.type[event] = type;
		this.state[event] = state;
		this.previous[event] = previous;
		this.next[event] = -1;
		this.version[event] = (this.version[previous] ?? 0) + 1;
		for (const { codes } of this.fields) codes.push(0);
		if (previous >= 0) this.next[previous] = event;
		this.last[stream] = event;
		const source = this.stateBefore(event);
		const way = `${source} ${state} ${type}`;
		const told = { source: this.states[source], target: this.states[state], type: this.types[type] };
		const edge = (this.edge[event] = this.edgeOf[way] ??= this.edges.push(told) - 1);
		this.sums[edge] = (this.sums[edge] ?? 0) + 1;
		if (this.length % BLOCK === 0) this.blocks.push(this.sums.slice());
	}

	stateBefore(event) { return this.state[this.previous[event]] ?? 0; }

	/** Return the edges with how often the first `n` events took them. */
	takenAt(n) {
		const block = Math.floor(n / BLOCK);
		const taken = this.edges.map((edge, index) => ({ ...edge, count: this.blocks[block - 1]?.[index] ?? 0 }));
		for (let event = block * BLOCK; event < n; event += 1) taken[this.edge[event]].count += 1;
		return taken;
	}

	/** Return pairs of state and how many are in it, but for the first. */
	countsOf(taken) {
		const counts = new Map(this.states.map((state) => [state, 0]));
		for (const { source, target, count } of taken) {
			counts.set(source, counts.get(source) - count);
			counts.set(target, counts.get(target) + count);
		}
		return [...counts].slice(1);
	}

	/** Return the texts of all fields after an event; there are none after -1. */
	fieldsAfter(event) {
		const found = new Map();
		for (let at = event; at >= 0; at = this.previous[at]) {
			for (const field of this.fields) {
				const code = field.codes[at];
				if (code !== 0 && !found.has(field)) found.set(field, this.textOf(field, code, at));
			}
			if (this.version[at] % FULL_EVERY === 1) break;
		}
		return found;
	}

	textOf(field, code, event) {
		if (code === TIME) return instant(this.time[event]);
		if (code === VERSION) return number(this.version[event]);
		return code === KEY ? this.keys[this.stream[event]] : field.values[code - MET];
	}

	/** Return the fields of an event: name, text before and after, null for none. */
	changesOf(event) {
		const [before, after] = [this.fieldsAfter(this.previous[event]), this.fieldsAfter(event)];
		const changes = this.inOrder.map((field) => [field.name, before.get(field) ?? null, after.get(field) ?? null]);
		return changes.filter(([, one, other]) => one !== null || other !== null);
	}

	event(event) {
		return {
			position: event + 1, time: this.time[event], key: this.keys[this.stream[event]], type: this.types[this.type[event]],
			source: this.states[this.stateBefore(event)], target: this.states[this.state[event]],
		};
	}

	positionsOf(stream) {
		const positions = [];
		for (let event = this.last[stream] ?? -1; event >= 0; event = this.previous[event]) positions.push(event + 1);
		return positions.reverse();
	}

	/** Return the positions of events with a text in key, type, state, changed fields or hidden texts. */
	search(words) {
		const wanted = words.toLowerCase();
		const found = new Uint8Array(this.length);
		const look = (texts, codes, first = 0, events = null) => {
			const hits = Uint8Array.from(texts, (text) => text?.toLowerCase().includes(wanted));
			const { length } = events ?? found;
			if (hits.includes(1)) for (let at = 0; at < length; at += 1) found[events ? events[at] : at] |= hits[codes[at] - first];
		};
		look(this.keys, this.stream);
		look(this.types, this.type);
		look(this.states, this.state);
		look(this.hidden, this.hiddenCodes, 0, this.hiddenIn);
		for (const { values, codes } of this.fields) look(values, codes, MET);
		return this.time.flatMap((_, event) => (found[event] ? event + 1 : []));
	}
}

let drawings = 0;

/** Return a drawing as an element; its ids are its own, for those of another may be hidden. */
function drawing(text) {
	const named = text.replace(/( id="|url\(#)/g, `$1orderlab-${(drawings += 1)}-`);
	return document.importNode(new DOMParser().parseFromString(named, "image/svg+xml").documentElement, true);
}

const isAlong = ({ source, target, events }, way) =>
	way.source === source && way.target === target && events.split(" ").includes(way.type);

/** A state machine that Python has drawn: lights states and arrows, and writes counts. */
export class Machine {
	constructor(svg) {
		this.title = svg.querySelector("title");
		this.described = this.title.textContent.split(";")[0];
		this.states = new Map([...svg.querySelectorAll("[data-state]")].map((group) => [group.dataset.state, group]));
		this.arrows = [...svg.querySelectorAll("[data-source]")].map((group) => ({ group, ...group.dataset }));
	}

	/** Light a way, and the state that it leads to. */
	light(way) {
		this.lit = way.target;
		for (const [name, group] of this.states) group.classList.toggle("lit", name === way.target);
		for (const arrow of this.arrows) arrow.group.classList.toggle("lit", isAlong(arrow, way));
	}

	/** Write pairs of state and count. */
	counts(counts) {
		for (const [state, count] of counts) this.count(this.states.get(state), number(count));
		const said = counts.map(([state, count]) => `${number(count)} ${state}`).join(", ");
		write(this.title, `${this.described}${this.lit ? `; now ${this.lit}` : ""}; ${said}`);
	}

	/** Write how often a way was gone: source, target, type and count. */
	edges(taken) {
		for (const arrow of this.arrows) {
			const count = taken.reduce((sum, way) => sum + (isAlong(arrow, way) ? way.count : 0), 0);
			this.count(arrow.group, `${number(count)}×`);
		}
	}

	count(group, text) {
		const place = group?.querySelector("[data-count]");
		if (place) write(place, text);
	}
}

const SIGNS = { new: "+", gone: "−", changed: "±" };

const kindOf = (before, after) =>
	before === after ? (after === null ? "none" : "same") : before === null ? "new" : after === null ? "gone" : "changed";

/** A table of fields before and after an event, the difference marked. */
export class Difference {
	constructor() {
		this.body = make("tbody");
		const head = ["field", "±", "before", "after"].map((name) => make("th", { scope: "col" }, name));
		this.element = make("table", { class: "difference" }, make("thead", {}, make("tr", {}, ...head)), this.body);
	}

	show(fields) {
		while (this.body.childElementCount < fields.length) {
			this.body.append(make("tr", {}, make("th", { scope: "row" }), make("td"), make("td"), make("td")));
		}
		[...this.body.rows].forEach((row, index) => {
			const [name, before, after] = fields[index] ?? ["", null, null];
			const kind = kindOf(before, after);
			mark(row, "data-kind", kind);
			mark(row.cells[1], "aria-label", kind);
			const texts = [name.replace(/[._]/g, "$&\u200b"), SIGNS[kind] ?? "", before ?? "—", after ?? "—"];
			texts.forEach((text, cell) => write(row.cells[cell], text));
		});
	}
}

/** What happened to one entity, step by step. */
export class Story {
	constructor() {
		this.element = make("ol", { class: "story" });
	}

	/** Show steps: position, time, type, target and `changesOf` it. */
	show(steps, position) {
		this.element.replaceChildren(...steps.map((step) => this.step(step, step.position === position)));
		this.element.scrollTop = this.element.querySelector("[aria-current]")?.offsetTop ?? 0;
	}

	step({ position, time, type, target, changes }, isPresent) {
		const title = link(`#${number(position)} ${type}`, { "data-go": position });
		const said = changes.filter(([, before, after]) => before !== after).map(([name, before, after]) =>
			make("span", {}, make("i", {}, name), ` ${before === null ? after : `${before} → ${after ?? "—"}`} `));
		return make("li", isPresent ? { "aria-current": "step" } : {},
			make("p", {}, title, " ", make("b", {}, target), " ", make("time", {}, instant(time))), make("p", {}, ...said));
	}
}

/** A list of any length, of which only what is in sight are elements. */
class EventList {
	constructor() {
		this.space = make("div", { role: "presentation" });
		this.element = make("div", { class: "list", role: "listbox", tabindex: 0, "aria-label": "Events" }, this.space);
		this.id = `orderlab-events-${(drawings += 1)}`;
		Object.assign(this, { rows: [], top: 0, height: 10 * ROW });
	}

	set(log, lane) {
		Object.assign(this, { log, lane, whole: lane.length * ROW });
		this.tall = Math.min(this.whole, TALLEST);
		this.space.style.height = `${this.tall}px`;
		this.element.style.maxHeight = `${Math.max(1, lane.length) * ROW + 2}px`;
		for (const row of this.rows) row.position = -1;
	}

	/** Take another height; what was not laid out has not been scrolled. */
	resize(height) {
		Object.assign(this, { height, top: this.element.scrollTop });
		for (const { element } of this.rows.splice(0)) element.remove();
	}

	/** Pixels of the list for one that is scrolled: 1, unless it is very long. */
	get scale() {
		return this.whole === this.tall ? 1 : (this.whole - this.height) / (this.tall - this.height);
	}

	reveal(place) {
		const [y, seen] = [(place - 1) * ROW, this.top * this.scale];
		const below = y + ROW - this.height;
		if (y >= seen && below <= seen) return;
		const isNear = y >= seen - ROW && below <= seen + ROW;
		const wanted = isNear ? Math.min(y, Math.max(seen, below)) : Math.floor((y + below) / 2 / ROW) * ROW;
		this.top = Math.max(0, Math.min(wanted, this.whole - this.height)) / this.scale;
		this.element.scrollTop = this.top;
	}

	paint(view) {
		const seen = this.top * this.scale;
		const first = Math.floor(seen / ROW);
		const count = Math.ceil(this.height / ROW) + 2;
		while (this.rows.length < count) this.rows.push(this.row());
		let active = null;
		for (let place = first; place < first + count; place += 1) {
			const row = this.rows[place % count];
			const position = place < this.lane.length ? this.lane.at(place + 1) : 0;
			if (row.position !== position) this.fill(row, position, place + 1);
			const isPresent = position === view.position && position > 0;
			if (isPresent) active = row.element.id;
			row.element.style.transform = `translateY(${place * ROW - seen + this.top}px)`;
			mark(row.element, "aria-selected", isPresent);
			row.element.toggleAttribute("data-pin", view.pins.has(position));
			row.element.toggleAttribute("data-hit", view.isMatch(position));
		}
		mark(this.element, "aria-activedescendant", active);
	}

	fill(row, position, place) {
		row.position = position;
		row.element.hidden = position === 0;
		if (position === 0) return;
		const { time, type, key, source, target } = this.log.event(position - 1);
		const way = source === target ? target : `${source} → ${target}`;
		const texts = [`#${number(position)}`, instant(time), type, key, way];
		texts.forEach((text, cell) => write(row.element.children[cell], text));
		mark(row.element, "data-go", position);
		mark(row.element, "aria-posinset", place);
		mark(row.element, "aria-setsize", this.lane.length);
	}

	row() {
		const cells = ["position", "time", "type", "key", "way"].map((name) => make("span", { class: name }));
		const element = make("div", { class: "row", role: "option", id: `${this.id}-${this.rows.length}` }, ...cells);
		this.space.append(element);
		return { element, position: -1 };
	}
}

const ICONS = { // not every machine has such characters
	first: "M2 3h2v10H2zM13 3v10L5 8z", back: "M11 3v10L3 8z", on: "M5 3l8 5-8 5z", last: "M12 3h2v10h-2zM3 3l8 5-8 5z",
	play: "M4 2l10 6-10 6z", pause: "M3 2h4v12H3zM9 2h4v12H9z", pin: "M4 1h8v14l-4-4-4 4z", up: "M8 4l6 7H2z", down: "M8 12L2 5h12z",
};

const icon = (name) => `<svg viewBox="0 0 16 16" aria-hidden="true"><path d="${ICONS[name]}"/></svg>`;
const button = (key, label, face = "") =>
	`<button type="button" data-key="${key}"${face && ` title="${label}"`}>${face || label}</button>`;

const VIEW = `
<div class="head"><div class="title"></div><p class="size"></p>${button("?", "Keys", "?")}</div>
<dl class="keys"></dl>
<div class="orderlab-machine"></div>
<div class="bar">
	${button("Home", "Before the first event", icon("first"))}${button("ArrowLeft", "One event back", icon("back"))}
	${button(" ", "Play", icon("play"))}${button("ArrowRight", "One event on", icon("on"))}
	${button("End", "After the last event", icon("last"))}
	<select class="speed" aria-label="Speed">
		${[1, 4, 16, 60, 250, 1_000, 5_000].map((speed) => `<option value="${speed}">${number(speed)} a second</option>`).join("")}
	</select>
	<form><input class="typed" aria-label="Position or time" placeholder="1234 or 2025-01-31 12:00"><button>Go</button></form>
</div>
<input class="slider" type="range" min="0" aria-label="Position">
<div class="now">
	<b class="at"></b><time class="time"></time><span class="what"></span>${button("p", "Pin", icon("pin"))}
</div>
<ul class="pinned" aria-label="Pinned positions"></ul>
<p class="said" role="status"></p>
<div class="panes">
	<section class="events" aria-label="Events"><div class="bar">
		<input class="query" type="search" aria-label="Search events" placeholder="Search events">
		${button("N", "Previous match", icon("up"))}${button("n", "Next match", icon("down"))}
		<span class="matches" role="status"></span>
	</div></section>
	<section class="entity" aria-label="What it is about"><b class="heading"></b>
		<div class="bar">${button("f", "Follow this")}${button("w", "What if this had not happened?")}</div>
		<div class="answer" aria-live="polite"></div>
	</section>
</div>`;

class View {
	constructor(root, log, options) {
		Object.assign(this, { root, log, options, followed: -1, found: [], told: "", $: {} });
		Object.assign(this, { list: new EventList(), difference: new Difference(), story: new Story() });
		this.position = Math.min(options.step ?? log.length, log.length);
		this.build(options);
		this.setPins(options.pins ?? []);
		this.setLane();
		this.listen();
		this.paint();
	}

	build({ title = "Time travel", heading = "h2", machine }) {
		const { $, root, log: { noun } } = this;
		const template = make("template");
		template.innerHTML = VIEW;
		root.replaceChildren(template.content);
		for (const each of root.querySelectorAll("[class], [data-key]")) $[each.dataset.key ?? each.className] = each;
		$.title.append(make(heading, {}, title));
		$.speed.value = 16;
		$.f.textContent += ` ${noun}`;
		$.events.append(this.list.element, this.story.element);
		$.answer.after(this.difference.element);
		const keys = {
			"← →": "an event back, on", "Home End": "the beginning, the end", "Page Up, Page Down": `${PAGE} events earlier, later`,
			Space: "play, pause", "[ ]": `previous, next event of the same ${noun}`, f: `follow one ${noun}, or the whole log`, p: "pin",
			"/": "search keys, types, states and texts", "n N": "next, previous match", w: "what if this had not happened",
			"?": "these keys", Esc: "close them, or an answer",
		};
		$.keys.append(...Object.entries(keys).flatMap(([key, does]) => [make("dt", {}, key), make("dd", {}, does)]));
		this.help(false);
		this.close();
		this.draw(machine);
	}

	draw(machine) {
		const { $, log: { states } } = this;
		if (!machine) return;
		const svg = drawing(machine);
		$["orderlab-machine"].replaceChildren(svg);
		this.machine = new Machine(svg);
		for (const state of this.machine.states.keys()) if (!states.includes(state)) states.push(state);
	}

	listen() {
		const { $, root, list } = this;
		root.onkeydown = (event) => this.keyDown(event);
		root.onclick = (event) => this.click(event);
		root.onsubmit = (event) => {
			event.preventDefault();
			this.goTyped($.typed.value.trim());
		};
		$.slider.oninput = () => this.goPlace($.slider.valueAsNumber);
		$.query.oninput = () => this.search();
		list.element.onscroll = () => {
			list.top = list.element.scrollTop;
			this.schedule();
		};
		this.sizes = new ResizeObserver(([{ contentRect: { height } }]) => {
			if (height > 0) list.resize(height);
			this.isRevealed = false;
			this.schedule();
		});
		this.sizes.observe(list.element);
	}

	get place() { return this.lane.rank(this.position); }

	get event() { return this.position - 1; }

	/** Go to a position; one of another entity ends following. */
	go(position, isTold = false) {
		const wanted = Math.max(0, Math.min(position, this.log.length));
		if (wanted > 0 && this.lane.at(this.lane.rank(wanted)) !== wanted) this.follow(-1);
		if (wanted === this.position) return;
		this.position = wanted;
		this.close();
		this.isRevealed = false;
		if (!isTold) this.tell();
		this.schedule();
	}

	goPlace(place) {
		this.go(place <= 0 ? 0 : this.lane.at(Math.min(place, this.lane.length)));
	}

	goTyped(typed) {
		const { log, all } = this;
		const iso = typed.replace(/ utc$/i, "").replace(" ", "T");
		const time = (Date.parse(`${iso}Z`) || Date.parse(iso)) + (/:\d\d:\d\d$/.test(iso) ? 999 : 0); // all of a second
		const wanted = Number(typed.replace(/[#,]/g, ""));
		if (/^#?[\d,]+$/.test(typed)) wanted > log.length ? this.hint(`There are ${all}.`) : this.go(wanted);
		else if (/^\d{4}-/.test(typed) && time) {
			this.go(rank(log.time, time));
			if (time > log.time.at(-1) + 999) this.hint("The log ends here.");
		} else this.hint("Write a position, 1234, or a time in UTC, 2025-01-31 12:00.");
	}

	goAlong(events, where) {
		const event = events[this.event] ?? -1;
		if (event >= 0) this.go(event + 1);
		else this.hint(`The same ${this.log.noun} has no event ${where} this one.`);
	}

	/** Tell where this stands, but not more often than a kernel can hear. */
	tell() {
		this.telling ??= setTimeout(() => {
			this.telling = null;
			this.options.onStep?.(this.position);
		}, TELL_EVERY_MS);
	}

	say(words) {
		this.told = words;
		this.hint();
	}

	/** Say something until the next key or click. */
	hint(words = this.told) {
		write(this.$.said, words);
	}

	/** Follow one stream, or with -1 the whole log. */
	follow(stream) {
		this.followed = stream;
		this.setLane();
		this.search();
	}

	setLane() {
		const { log, followed, $ } = this;
		const positions = log.positionsOf(followed);
		const { length } = followed < 0 ? log : positions;
		this.lane = followed < 0
			? { length, at: (place) => place, rank: (position) => position }
			: { length, positions, at: (place) => positions[place - 1], rank: (position) => rank(positions, position) };
		this.list.set(log, this.lane);
		this.isRevealed = false;
		$.slider.max = length;
		const all = (this.all = `${number(log.length)} event${log.length === 1 ? "" : "s"}`);
		write($.size, followed < 0 ? all : `${number(length)} of ${all}: those of ${log.keys[followed]}`);
		mark($.f, "aria-pressed", followed >= 0);
		this.schedule();
	}

	search() {
		const words = this.$.query.value.trim();
		const found = words ? this.log.search(words) : [];
		this.found = found.filter((position) => this.lane.at(this.lane.rank(position)) === position);
		this.schedule();
	}

	/** Go to the next match, or with -1 to the one before. */
	match(back = 0) {
		const { found, position } = this;
		if (found.length > 0) this.go(found.at((rank(found, position + back) + back) % found.length));
	}

	isMatch(position) {
		return this.found[rank(this.found, position) - 1] === position;
	}

	pin(position) {
		if (!this.pins.delete(position)) this.pins.add(position);
		this.setPins([...this.pins].sort((one, other) => one - other));
		this.options.onPins?.([...this.pins]);
	}

	setPins(pins) {
		this.pins = new Set(pins);
		this.keepFocus(() => this.$.pinned.replaceChildren(...pins.map((position) => {
			const name = `#${number(position)} ${position > 0 ? this.log.event(position - 1).type : ""}`;
			const unpin = link("×", { "data-unpin": position, "aria-label": `Unpin ${name}` });
			return make("li", {}, link(name, { "data-go": position }), unpin);
		})));
		this.schedule();
	}

	/** Do what may remove what has the focus. */
	keepFocus(does) {
		const hasFocus = () => this.root.matches(":focus-within");
		const hadFocus = hasFocus();
		does();
		if (hadFocus && !hasFocus()) this.root.focus({ preventScroll: true });
	}

	help(isOpen) {
		this.$.keys.hidden = !isOpen;
		mark(this.$["?"], "aria-expanded", isOpen);
	}

	/** Ask what would be if the present event had not happened; what was asked is closed. */
	async whatIf() {
		const { root, position, options: { ask }, $: { w, answer } } = this;
		if (this.asked || position === 0) return this.close();
		const asked = (this.asked = {});
		const say = (...nodes) => {
			if (this.asked !== asked) return;
			answer.replaceChildren(...nodes.map(built));
			if (root.matches(":focus-within")) answer.scrollIntoView({ block: "nearest" });
		};
		mark(w, "aria-expanded", true);
		if (!ask) return say(["p", `No Python is behind this page. In a notebook, ask timeline.what_if(drop=${position}).`]);
		say(["p", "Asking Python…"]);
		const late = setTimeout(() => say(["p", "No answer yet: the kernel is busy, or there is none."]), PATIENCE_MS);
		const { nodes } = await ask(position);
		clearTimeout(late);
		say(...nodes);
	}

	close() {
		this.asked = null;
		this.$.answer.replaceChildren();
		mark(this.$.w, "aria-expanded", false);
	}

	play(isOn = !this.playing) {
		cancelAnimationFrame(this.playing);
		this.playing = null;
		this.$[" "].innerHTML = icon(isOn ? "pause" : "play");
		mark(this.$[" "], "title", isOn ? "Pause" : "Play");
		if (!isOn) return;
		if (this.place === this.lane.length) this.goPlace(0);
		let [before, due] = [performance.now(), 0];
		const frame = (now) => {
			due += Math.max(0, now - before) / 1_000 * this.$.speed.value;
			before = now;
			this.goPlace(this.place + Math.floor(due));
			due %= 1;
			if (this.place < this.lane.length) this.playing = requestAnimationFrame(frame);
			else this.play(false);
		};
		this.playing = requestAnimationFrame(frame);
	}

	/** Take a key; none of ours reaches the notebook around, whose commands are letters. */
	keyDown(event) {
		const { target, key } = event;
		const isOurs = !(event.ctrlKey || event.metaKey || event.altKey);
		this.root.toggleAttribute("data-lm-suppress-shortcuts", isOurs);
		if (!isOurs) return;
		event.stopPropagation();
		const { query, slider, speed } = this.$;
		this.hint();
		const isTyping = target.matches("input:not([type=range])");
		if (target === query && key === "Enter") this.match(event.shiftKey ? -1 : 0);
		if (isTyping && key === "Escape") slider.focus();
		else if (isTyping || (key === " " && target.matches("button, select")) || (/^A/.test(key) && target === speed)) return;
		if (this.press(key, target === slider ? 1 : -1)) event.preventDefault();
	}

	/** Do what a key stands for; up is on for a slider, and back in a list. */
	press(key, up = -1) {
		const by = (events) => () => this.goPlace(this.place + events);
		const { log, event } = this;
		const does = {
			ArrowLeft: by(-1), ArrowRight: by(1), ArrowUp: by(up), ArrowDown: by(-up), PageUp: by(-PAGE), PageDown: by(PAGE),
			Home: by(-Infinity), End: by(Infinity), " ": () => this.play(), "/": () => this.$.query.select(),
			"[": () => this.goAlong(log.previous, "before"), "]": () => this.goAlong(log.next, "after"),
			n: () => this.match(), N: () => this.match(-1), p: () => this.pin(this.position), w: () => this.whatIf(),
			f: () => this.follow(this.followed < 0 && event >= 0 ? log.stream[event] : -1),
			"?": () => this.help(this.$.keys.hidden),
			Escape: () => { this.help(false); this.close(); },
		}[key];
		does?.();
		return does;
	}

	click({ target }) {
		this.hint();
		const { key, go, unpin } = target.closest("[data-key], [data-go], [data-unpin]")?.dataset ?? {};
		if (key) this.press(key);
		if (go) this.go(Number(go));
		if (unpin) this.pin(Number(unpin));
	}

	schedule() {
		this.frame ??= requestAnimationFrame(() => this.paint());
	}

	paint() {
		this.frame = null;
		if (!this.isRevealed) this.list.reveal(this.place); // first: to scroll is to lay out
		const event = this.event < 0 ? null : this.log.event(this.event);
		if (this.machine) this.paintMachine(event ?? { target: this.log.states[0] });
		this.paintPlace(event);
		this.list.paint(this);
		if (!this.isRevealed) this.paintEntity(event);
		this.isRevealed = true;
	}

	paintMachine(way) {
		const { log, machine } = this;
		const taken = log.takenAt(this.position);
		machine.light(way);
		machine.counts(log.countsOf(taken));
		machine.edges(taken);
	}

	paintPlace(event) {
		const { position, place, found, $ } = this;
		const time = event ? `${instant(event.time)} UTC` : "";
		const what = event ? `${event.type} of ${event.key}` : "before the first event";
		if ($.slider.valueAsNumber !== place) $.slider.value = place;
		mark($.slider, "aria-valuetext", `${number(position)} of ${number(this.log.length)}, ${time}, ${what}`);
		write($.at, `#${number(position)}`);
		write($.time, time);
		write($.what, what);
		mark($.p, "aria-pressed", this.pins.has(position));
		const at = this.isMatch(position) ? `${number(rank(found, position))} of ` : "";
		write($.matches, $.query.value.trim() && `${at}${number(found.length)} found`);
	}

	paintEntity(event) {
		const { log, lane, followed, $ } = this;
		mark($.w, "aria-disabled", event === null);
		mark($.f, "aria-disabled", event === null && followed < 0);
		write($.heading, event ? `${event.key}: ${event.source} → ${event.target}` : `No ${log.noun} yet`);
		this.difference.show(event ? log.changesOf(this.event) : []);
		const first = Math.max(0, Math.min(this.place - MOST_STEPS / 2, lane.length - MOST_STEPS));
		const told = (position) => ({ ...log.event(position - 1), changes: log.changesOf(position - 1) });
		const steps = (lane.positions ?? []).slice(first, first + MOST_STEPS).map(told);
		this.keepFocus(() => this.story.show(steps, this.position));
	}

	/** Take in events that happen now; who stands at the end stays there. */
	append(events) {
		const isAtEnd = this.place === this.lane.length;
		for (const event of events) this.log.append(event);
		this.follow(this.followed);
		if (isAtEnd) this.goPlace(this.lane.length);
	}

	destroy() {
		this.play(false);
		this.sizes.disconnect();
		cancelAnimationFrame(this.frame);
		this.root.replaceChildren();
		Object.assign(this, { log: null, lane: null, list: null, story: null, found: null, $: null });
	}
}

/**
 * Show a Recording, or its bytes, or these in base 64, in an element; return the view. Options: as `render` has them.
 */
export async function mount(element, { recording, ...options }) {
	element.classList.add("orderlab-timetravel");
	element.tabIndex = -1; // so that any click gives it the keys
	element.setAttribute("data-lm-suppress-shortcuts", "");
	try {
		return new View(element, recording instanceof Recording ? recording : await Recording.from(recording), options);
	} catch (problem) {
		element.replaceChildren(make("p", { role: "alert" }, `The recording cannot be shown: ${problem.message}`));
		throw problem;
	}
}

/** Show a widget of a notebook. */
async function render({ model, el }) {
	const get = (name) => model.get(name);
	const set = (name) => (value) => {
		if (get(name) === undefined) return; // a board has no such thing
		model.set(name, value);
		model.save_changes();
	};
	const ask = (position) => new Promise((resolve) => {
		model.on("msg:custom", (told) => { if (told.what_if === position) resolve(told); });
		model.send({ what_if: position });
	});
	const root = el.appendChild(make("div"));
	const show = () => mount(root, {
		recording: get("_recording"), machine: get("_machine"), title: get("title"), step: get("step"),
		pins: get("pins"), ask, onStep: set("step"), onPins: set("pins"),
	});
	let view = await show();
	model.on("change:step", () => view?.go(get("step"), true));
	model.on("change:pins", () => view?.setPins(get("pins")));
	model.on("change:_machine", () => view?.draw(get("_machine")));
	if (get("_log") !== undefined) follow();
	return drop;

	function drop() {
		view?.destroy();
		view = null;
	}

	/** Take in a log that grows: what comes, what was missed of it, and all of it anew when it is another one. */
	function follow() {
		const catchUp = () => {
			view.say(get("_said"));
			model.send({ after: view.log.length });
		};
		model.on("msg:custom", ({ after, events }) => {
			const length = view?.log.length;
			if (after > length) catchUp();
			else if (view && events) view.append(events.slice(length - after));
		});
		model.on("change:_said", () => view?.say(get("_said")));
		model.on("change:_log", async () => {
			drop();
			view = await show();
			catchUp();
		});
		catchUp();
	}
}

export default { render };
