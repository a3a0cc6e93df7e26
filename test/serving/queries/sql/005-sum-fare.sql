-- sum fare
-- engine: direct

SELECT sum(fare) FROM trips

-- rows of all
-- ["15798.8"]
-- rows of newest
-- ["9793.04"]
