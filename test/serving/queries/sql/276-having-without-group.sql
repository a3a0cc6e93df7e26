-- having without group
-- engine: direct

SELECT sum(riders) FROM trips HAVING count(*) > 10

-- rows of all
-- [2721]
-- rows of newest
-- [1624]
