-- where not or
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE NOT (city = 'Berlin' OR riders > 2)

-- rows of all
-- [317,87655]
-- rows of newest
-- [185,51190]
