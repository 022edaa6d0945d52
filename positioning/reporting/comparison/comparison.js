"use strict";
(() => {
  const read = (id) => document.getElementById(id).textContent;
  const figures = JSON.parse(read("chart-data"));
  const data = JSON.parse(read("comparison-data"));
  const NOISE = 1e-12, YEAR = 365.25, TAIL = 0.05;
  const { all, coloured, sortRows, markSorted } = Shared;
  const iso = (day) => new Date(day * 864e5).toISOString().slice(0, 10);
  const dayOf = (text) => Math.round(Date.parse(`${text.slice(0, 10)}T00:00Z`) / 864e5);
  if (!data.span) return;
  const whole = data.span.map(dayOf);
  let span = whole;

  // -- metrics of a period: the formulas of positioning/analysis/metrics.py ------------------------------------

  const sum = (values) => values.reduce((a, b) => a + b, 0);
  const mean = (values) => sum(values) / values.length;
  const spread = (values) => {
    if (values.length < 2) return NaN;
    const middle = mean(values);
    const s = Math.sqrt(sum(values.map((v) => (v - middle) ** 2)) / (values.length - 1));
    return s > NOISE ? s : 0;
  };
  const over = (above, below) => (below > NOISE ? above / below : NaN);
  const quantile = (values, q) => {
    const sorted = Float64Array.from(values).sort();
    const at = q * (sorted.length - 1), low = Math.floor(at);
    return low + 1 < sorted.length ? sorted[low] + (sorted[low + 1] - sorted[low]) * (at - low) : sorted[low];
  };

  const line = (run, a, b, excess, cash) => {
    const own = [], market = [];
    for (let t = a + 1; run.levels && t <= b; t += 1) {
      if (run.levels[t] === null || run.levels[t - 1] === null) continue;
      own.push(excess[t - a - 1]);
      market.push(run.levels[t] / run.levels[t - 1] - 1 - cash(t));
    }
    if (!(spread(market) > 0)) return { beta: NaN, alpha: NaN };
    const beta = run.dimson ? dimson(own, market) : slopes([market], own);
    return { beta, alpha: mean(own) - beta * mean(market) };
  };

  // Sum of the least-squares slopes of y on the columns, by elimination of their normal equations.
  const slopes = (columns, y) => {
    const centred = [...columns, y].map((v) => { const middle = mean(v); return v.map((x) => x - middle); });
    const last = columns.length;
    const rows = columns.map((_, k) => centred.map((v) => sum(v.map((x, n) => x * centred[k][n]))));
    const scale = sum(rows.map((row, k) => row[k]));
    let shape = 1;
    for (let k = 0; k < last; k += 1) {
      shape *= rows[k][k] / scale;
      if (!(shape > 1e-12)) return NaN;
      for (let j = k + 1; j < last; j += 1) {
        const ratio = rows[j][k] / rows[k][k];
        rows[j] = rows[j].map((v, n) => v - ratio * rows[k][n]);
      }
    }
    const found = Array(last).fill(0);
    for (let k = last - 1; k >= 0; k -= 1) {
      found[k] = (rows[k][last] - sum(found.map((b, j) => (j > k ? b * rows[k][j] : 0)))) / rows[k][k];
    }
    return sum(found);
  };

  // On the market's return of the row before, the same and the next one; the first and last rows lack one of them.
  const dimson = (own, market) => {
    const inside = own.slice(1, -1);
    if (inside.length < data.fewestRows) return NaN;
    return slopes([market.slice(0, -2), market.slice(1, -1), market.slice(2)], inside);
  };

  const ofReturns = (run, a, b, perYear) => {
    const cash = (t) => (run.cash ? run.cash[t] : 0);
    const net = [], excess = [];
    for (let t = a + 1; t <= b; t += 1) {
      net.push(run.nav[t] / run.nav[t - 1] - 1);
      excess.push(net[net.length - 1] - cash(t));
    }
    const scale = Math.sqrt(perYear), few = net.length < 2;
    const var95 = few ? NaN : quantile(net, TAIL);
    const moved = net.filter((r) => Math.abs(r) > NOISE);
    const market = line(run, a, b, excess, cash);
    return {
      volatility: spread(net) * scale,
      sharpe: over(mean(excess), spread(excess)) * scale,
      sortino: few ? NaN : over(mean(excess), Math.sqrt(mean(excess.map((e) => Math.min(e, 0) ** 2)))) * scale,
      var_95: var95,
      es_95: few ? NaN : mean(net.filter((r) => r <= var95 + NOISE)),
      hit_rate: !few && moved.length ? moved.filter((r) => r > 0).length / moved.length : NaN,
      beta: market.beta,
      alpha: market.alpha * perYear,
    };
  };

  const growth = (first, last, years) => {
    if (years === 0) return NaN;
    return last === 0 ? -1 : Math.expm1(Math.log(last / first) / years);
  };

  const measured = (run, from, to) => {
    if (!run) return {};
    const a = run.days.findIndex((d) => d >= from), b = run.days.findLastIndex((d) => d <= to);
    if (a < 0 || b < a || run.nav[a] <= 0) return {};
    let high = 0, low = 0, value = 0, dead = false;
    const worth = [];
    for (let t = a; t <= b; t += 1) {
      dead = dead || run.nav[t] <= 0;
      value = dead ? 0 : run.nav[t];
      worth.push(value);
      high = Math.max(high, value);
      low = Math.min(low, value / high - 1);
    }
    const years = (run.days[b] - run.days[a]) / YEAR, perYear = (b - a) / years;
    const yearly = (values) => (years === 0 || run.unpaid ? NaN : (values ? sum(values.slice(a + 1, b + 1)) : 0) / mean(worth) / years);
    const cagr = growth(worth[0], value, years);
    const depth = low >= -NOISE ? 0 : low;
    const known = {
      total_return: value / worth[0] - 1,
      cagr,
      max_drawdown: depth,
      calmar: depth < 0 && !dead ? cagr / -depth : NaN,
      turnover: 0.5 * yearly(run.trade),
      cost_bps_per_year: 1e4 * yearly(run.cost),
      ...(dead ? {} : ofReturns(run, a, b, perYear)),
    };
    if (run.days[b] - run.days[a] < data.fewestDays) {
      for (const metric of data.metrics) if (metric.yearly) known[metric.field] = data.short;
    }
    return known;
  };

  // -- the tables ----------------------------------------------------------------------------------------------

  const plain = new Map();
  const number = (value, digits) => {
    if (!Number.isFinite(value)) return "\u2013";
    if (!plain.has(digits)) plain.set(digits, new Intl.NumberFormat("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits }));
    const text = plain.get(digits).format(value);
    return /^-0(\.0+)?$/.test(text) ? text.slice(1) : text.replace("-", "\u2212");
  };
  const written = (metric, value) => {
    if (value === data.short) return value;
    if (!Number.isFinite(value)) return "\u2013";
    return metric.fraction ? `${number(100 * value, metric.digits)}\u00a0%` : number(value, metric.digits);
  };

  const fill = () => {
    const figured = data.runs.map((run) => measured(run, ...span));
    for (const metric of data.metrics) {
      const cells = all(`td[data-field="${metric.field}"]`);
      const values = cells.map((c) => figured[c.parentElement.dataset.run][metric.field] ?? NaN);
      const ranked = (n) => Number.isFinite(values[n]) && !("unranked" in cells[n].parentElement.dataset);
      const known = values.filter((_, n) => ranked(n)).map((v) => metric.better * v);
      const best = Math.max(...known), worst = Math.min(...known);
      cells.forEach((cell, n) => {
        cell.querySelector(".value").textContent = written(metric, values[n]);
        if (Number.isFinite(values[n])) cell.dataset.value = String(values[n]); else delete cell.dataset.value;
        const rank = metric.better * values[n];
        const word = !metric.better || !ranked(n) || known.length < 2 || best === worst ? "" : rank === best ? "best" : rank === worst ? "worst" : "";
        const mark = cell.querySelector(".mark");
        mark.textContent = word;
        mark.className = `mark ${word}`;
      });
    }
  };

  const sortBy = (field, falling) => {
    for (const table of all("table.metrics")) {
      const key = (row) => {
        if (field === "name") return -Number(row.dataset.run);
        return Number(all(`td[data-field="${field}"]`).find((c) => c.parentElement.dataset.run === row.dataset.run).dataset.value ?? NaN);
      };
      sortRows(table.tBodies[0], key, falling);
      markSorted(table, all("thead th", table).find((th) => th.firstElementChild?.dataset.sort === field), falling);
    }
  };
  let sorted = null;
  all("[data-sort]").forEach((button) => button.addEventListener("click", () => {
    const falling = !(sorted && sorted[0] === button.dataset.sort && sorted[1]);
    sorted = [button.dataset.sort, falling];
    sortBy(...sorted);
  }));

  // -- charts: drawn when they come near the window, all of them for print -------------------------------------

  const charts = all("[data-chart]");
  const dates = data.runs.map((run) => (run ? run.days.map(iso) : []));
  const drawn = new Set();
  let logarithmic = false, hidden = new Set(), quiet = false;
  const inTime = (chart) => chart.dataset.chart !== "distribution";
  const shown = (n) => data.events[n].some((theme) => !hidden.has(theme));
  const figure = (chart) => {
    const made = coloured(figures[chart.dataset.chart], (place) => dates[place]);
    if (inTime(chart)) made.layout.xaxis.range = span.map(iso);
    if (chart.dataset.chart !== "equity") return made;
    if (logarithmic) made.layout.yaxis.type = "log";
    for (const trace of made.data.filter((t) => t.customdata)) {
      const kept = trace.customdata.map((n, at) => [n, at]).filter(([n]) => shown(n)).map(([, at]) => at);
      for (const key of ["x", "y", "text", "customdata"]) trace[key] = kept.map((at) => trace[key][at]);
    }
    const slider = made.layout.xaxis.rangeslider;
    if (slider) slider.range = whole.map(iso);
    return made;
  };
  const draw = (chart) => {
    if (typeof Plotly === "undefined") return Promise.resolve();
    const made = figure(chart), fresh = !drawn.has(chart);
    drawn.add(chart);
    quiet = true;
    return Shared.draw(chart, made).then(() => {
      quiet = false;
      if (fresh && inTime(chart)) chart.on("plotly_relayout", brushed);
    });
  };
  const redraw = () => drawn.forEach(draw);
  // Another period is another range and nothing else.
  const move = (chart) => {
    if (!inTime(chart)) return;
    quiet = true;
    Plotly.relayout(chart, { "xaxis.range": span.map(iso) }).then(() => { quiet = false; });
  };
  const brushed = (change) => {
    if (quiet) return;
    const range = change["xaxis.range"] || [change["xaxis.range[0]"], change["xaxis.range[1]"]];
    if (change["xaxis.autorange"]) choose(...whole);
    else if (range[0] !== undefined && range[1] !== undefined) choose(dayOf(String(range[0])), dayOf(String(range[1])));
  };

  // -- the period ----------------------------------------------------------------------------------------------

  const [from, to] = ["from", "to"].map((id) => document.getElementById(id));
  const choose = (first, last) => {
    const next = [Math.max(whole[0], Math.min(first, last)), Math.min(whole[1], Math.max(first, last))];
    if (!next.every(Number.isFinite) || next[0] > next[1] || next.every((d, n) => d === span[n])) return;
    span = next;
    const partial = span.some((d, n) => d !== whole[n]);
    [from.value, to.value] = span.map(iso);
    document.body.classList.toggle("stale", partial);
    all(".stale-note").forEach((note) => { note.hidden = !partial; });
    document.getElementById("period").textContent = partial ? `Point figures from ${iso(span[0])} to ${iso(span[1])}.` : "";
    fill();
    if (sorted) sortBy(...sorted);
    drawn.forEach(move);
  };
  [from, to].forEach((input) => input.addEventListener("change", () => {
    if (from.value && to.value) choose(dayOf(from.value), dayOf(to.value));
  }));
  document.getElementById("whole").addEventListener("click", () => choose(...whole));
  document.querySelector(".controls").addEventListener("submit", (event) => event.preventDefault());

  const scale = document.getElementById("scale");
  scale.addEventListener("click", () => {
    logarithmic = !logarithmic;
    scale.setAttribute("aria-pressed", String(logarithmic));
    charts.filter((c) => c.dataset.chart === "equity" && drawn.has(c)).forEach(draw);
  });
  const filter = () => {
    hidden = new Set(all("[name=theme]").filter((box) => !box.checked).map((box) => box.value));
    all("#events tbody tr").forEach((row, n) => { row.hidden = !shown(n); });
    charts.filter((c) => c.dataset.chart === "equity" && drawn.has(c)).forEach(draw);
  };
  all("[name=theme]").forEach((box) => box.addEventListener("change", filter));

  document.addEventListener("themechange", redraw);
  addEventListener("beforeprint", () => charts.filter((c) => !drawn.has(c)).forEach(draw));
  const watch = new IntersectionObserver((seen) => seen.filter((s) => s.isIntersecting).forEach((s) => {
    watch.unobserve(s.target);
    draw(s.target);
  }), { rootMargin: "400px" });
  document.documentElement.dataset.live = "yes";  // the tables answer; charts wait for plotly's script below this one
  document.addEventListener("DOMContentLoaded", () => {
    charts.forEach((chart) => watch.observe(chart));
  });
})();
