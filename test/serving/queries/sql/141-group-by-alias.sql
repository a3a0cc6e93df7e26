-- group by alias
-- engine: direct

SELECT status AS s, count(*) AS n FROM trips GROUP BY s LIMIT 1000

-- rows of all
-- ["done",439]
-- ["lost",161]
-- ["open",146]
-- ["void",154]
-- rows of newest
-- ["lost",96]
-- ["done",269]
-- ["void",92]
-- ["open",85]
