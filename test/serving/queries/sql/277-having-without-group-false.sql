-- having without group false
-- engine: direct

SELECT sum(riders) FROM trips HAVING count(*) < 0

-- rows of all
-- rows of newest
