// Nexmark's queries over a table of all bids, in DuckDB's SQL: what the jobs must come to. `wm` is the watermark under
// which a bid arrived, `final` the last one.

const LAST_HOP_MS = 2_000

/** A window takes a bid unless the watermark has passed its last moment, and gives its result once it has. */
const taken = (end: string) => `${end} - 1 > wm`
const given = (end: string, final: number) => `${end} - 1 <= ${final}`

const tumble = (time: string) => `(${time} // 10000) * 10000`

export const oracles: Readonly<Record<string, (final: number) => string>> = {
  q0: () => `select auction, bidder, price, "dateTime", extra from bid`,

  q1: () => `select auction, bidder, price::double * 0.908::double as price, "dateTime", extra from bid`,

  q2: () => `select auction, price from bid where auction % 123 = 0`,

  q5: final => `
    with hops as (
      select auction, wm,
        unnest(generate_series(("dateTime" // 2000) * 2000 - 8000, ("dateTime" // 2000) * 2000, ${LAST_HOP_MS})) as start
      from bid),
    counts as (
      select auction, start, count(*) as num from hops
      where ${taken("start + 10000")} and ${given("start + 10000", final)} group by all)
    select auction, num, start as "windowStart", start + 10000 as "windowEnd" from counts
    qualify num = max(num) over (partition by start)`,

  q7: final => `
    with tumbled as (select *, ${tumble('"dateTime"')} as start from bid)
    select auction, bidder, price, "dateTime", extra from tumbled
    where ${taken("start + 10000")} and ${given("start + 10000", final)}
    qualify row_number() over (partition by start order by price desc, seq) = 1`,

  // What a session took is what the job did not call late: see the test. A bid that came when the session before it had
  // been given already does not go on with it.
  q11: final => `
    with gaps as (
      select bidder, "dateTime" as t, seq, wm,
        lag("dateTime") over (partition by bidder order by "dateTime", seq) as t_before,
        lag(seq) over (partition by bidder order by "dateTime", seq) as seq_before
      from taken),
    givens as (
      select *, seq_before < seq and t_before + 10000 - 1 <= wm and not exists (
        select 1 from taken as later where later.bidder = gaps.bidder and later.seq < gaps.seq
          and later."dateTime" between t and t_before + 10000) as is_given
      from gaps),
    sessions as (
      select bidder, t, sum(case when t - t_before > 10000 or is_given then 1 else 0 end) over (partition by bidder order by t, seq) as n
      from givens)
    select bidder, count(*) as bids, min(t) as "windowStart", max(t) + 10000 as "windowEnd" from sessions
    group by bidder, n having ${given("max(t) + 10000", final)}`,

  q12: () => `
    with tumbled as (select bidder, ${tumble("clock")} as start from bid)
    select bidder, count(*) as bids, start as "windowStart", start + 10000 as "windowEnd" from tumbled
    group by all`,

  q14: () => `
    with hours as (select *, ("dateTime" // 3600000) % 24 as hour, price::double * 0.908::double as euros from bid)
    select auction, bidder, euros as price,
      case when hour between 8 and 18 then 'dayTime' when hour <= 6 or hour >= 20 then 'nightTime'
        else 'otherTime' end as time,
      "dateTime", extra, length(extra) - length(replace(extra, 'c', '')) as letters
    from hours where euros > 1000000 and euros < 50000000`,

  q17: () => `
    select auction, strftime(make_timestamp("dateTime" * 1000), '%Y-%m-%d') as day, count(*) as bids,
      count(*) filter (price < 10000) as low,
      count(*) filter (price >= 10000 and price < 1000000) as middle,
      count(*) filter (price >= 1000000) as high,
      min(price) as least, max(price) as most, avg(price) as mean, sum(price)::double as total
    from bid group by auction, day`,

  q18: () => `
    select auction, bidder, price, "dateTime", extra, 1 as rank from bid
    qualify row_number() over (partition by bidder, auction order by "dateTime" desc, seq) = 1`,

  q19: () => `
    select auction, bidder, price, "dateTime", extra,
      row_number() over (partition by auction order by price desc, seq) as rank
    from bid qualify rank <= 10`,
}

/** The bids that no window takes, by query. */
export const lateOracles: Readonly<Record<string, string>> = {
  q5: `select auction, bidder, price, "dateTime", extra from bid
    where not (${taken('("dateTime" // 2000) * 2000 + 10000')})`,
  q7: `select auction, bidder, price, "dateTime", extra from bid
    where not (${taken(`${tumble('"dateTime"')} + 10000`)})`,
}
