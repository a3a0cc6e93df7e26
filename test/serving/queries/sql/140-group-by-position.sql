-- group by position
-- engine: direct

SELECT status, count(*) FROM trips GROUP BY 1 LIMIT 1000

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
