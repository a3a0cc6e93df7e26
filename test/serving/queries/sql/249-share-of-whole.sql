-- share of whole
-- engine: duckdb
-- ordered

SELECT status, count(*) * 1.0 / sum(count(*)) OVER () AS share FROM trips GROUP BY status ORDER BY status LIMIT 10

-- rows of all
-- ["done",0.48777777777777775]
-- ["lost",0.17888888888888888]
-- ["open",0.1622222222222222]
-- ["void",0.1711111111111111]
-- rows of newest
-- ["done",0.496309963099631]
-- ["lost",0.17712177121771217]
-- ["open",0.15682656826568267]
-- ["void",0.16974169741697417]
