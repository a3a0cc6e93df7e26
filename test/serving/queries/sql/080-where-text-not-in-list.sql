-- where text not in list
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE city NOT IN ('Oslo', 'Lima')

-- rows of all
-- [668,187695]
-- rows of newest
-- [395,115060]
