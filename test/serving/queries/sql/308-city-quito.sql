-- city Quito
-- engine: direct
-- ordered

SELECT status, paid, count(*), sum(riders), min(fare), max(fare), avg(distance) FROM trips WHERE city = 'Quito' GROUP BY status, paid ORDER BY status, paid LIMIT 100

-- rows of all
-- ["done",false,22,67,"-1.25","86.04",4.092921052631579]
-- ["done",true,28,74,"-1.25","85.21",2.8139000000000003]
-- ["lost",false,7,24,"3","20.01",1.8571428571428572]
-- ["lost",true,14,38,"3","72.46",2.5923384615384615]
-- ["open",false,9,27,"3","95.57",2.6750874999999996]
-- ["open",true,10,30,"3","93.59",6.086119999999999]
-- ["void",false,4,14,"3","12.5",4.507675]
-- ["void",true,10,37,"-1.25","92.26",2.7241]
-- rows of newest
-- ["done",false,15,46,"-1.25","86.04",4.402207692307693]
-- ["done",true,15,42,"3","85.21",3.5376533333333335]
-- ["lost",false,4,15,"5","9.99",1.75]
-- ["lost",true,7,16,"3","72.46",4.171485714285715]
-- ["open",false,4,15,"5","95.57",2]
-- ["open",true,6,15,"7.25","93.59",4.14575]
-- ["void",false,2,5,"3","12.5",0]
-- ["void",true,8,27,"-1.25","92.26",3.2167]
