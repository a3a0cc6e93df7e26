-- group by status
-- engine: direct
-- ordered

SELECT status, count(*) FROM trips GROUP BY status ORDER BY 2 DESC, 1 LIMIT 25

-- rows of all
-- ["done",439]
-- ["lost",161]
-- ["void",154]
-- ["open",146]
-- rows of newest
-- ["done",269]
-- ["lost",96]
-- ["void",92]
-- ["open",85]
