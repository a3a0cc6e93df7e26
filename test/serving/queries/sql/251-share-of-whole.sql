-- share of whole
-- engine: duckdb
-- ordered

SELECT status, count(*) * 1.0 / sum(count(*)) OVER () AS share FROM trips GROUP BY status ORDER BY status LIMIT 10

-- rows of all
-- ["done",0.48]
-- ["lost",0.18777777777777777]
-- ["open",0.16]
-- ["void",0.17222222222222222]
-- rows of newest
-- ["done",0.4727954971857411]
-- ["lost",0.18198874296435272]
-- ["open",0.1669793621013133]
-- ["void",0.17823639774859287]
