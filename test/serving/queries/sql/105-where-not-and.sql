-- where not and
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE NOT (city = 'Berlin' AND riders > 2)

-- rows of all
-- [810,224394]
-- rows of newest
-- [482,136714]
